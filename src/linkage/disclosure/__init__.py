"""The room of disclosure control: what may be released of what was matched."""
