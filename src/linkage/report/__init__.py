"""The room of reports: findings and results as text, as data, and as one self-contained HTML page.

Words for people are Dutch or English (`words`); numbers are those of the release and nothing else.
"""
