"""The safety room: danger is recognised and answered here, before and independent of Rasa.

`screen` finds words of danger in a message; `helplines` knows whom to call and what the safety card says.
It must not decide what the conversation does next, store anything, or show a number nobody has verified.
"""
