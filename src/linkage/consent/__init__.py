"""The room of consent and legal basis: which rows may take part today.

- `registry`: what each person said and when, in the organisation's own home folder.
- `judge`: drops rows outside the cohort or without valid consent, and counts why, before anything is tokenised.
"""
