"""Speed, memory and size of this project beside a stock Rasa bot, on one machine in one run (`make bench`)."""
