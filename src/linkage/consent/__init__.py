"""The room of consent and legal basis: which rows may take part today, and how that is shown later.

- `event`, `registry`, `database`: what each person said and when, in the organisation's own home folder.
- `record`: an account of it for others.
- `bases`: which legal bases are possible for whom, a dated table kept as data.
- `judge`: drops rows outside the cohort, without basis or without valid consent, and counts why, before tokenising.
- `commitment`: binds to what became of every row, to show it later for one person.
"""
