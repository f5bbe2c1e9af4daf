"""Custom actions of the dialogue: thin, one file a topic; they call the domain rooms and never `bot.web`."""
