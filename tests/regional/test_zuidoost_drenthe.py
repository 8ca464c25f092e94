"""Zuidoost-Drenthe: about fifty graduates a year, consent at the diploma, and figures so small that years are pooled."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import pilots
from counted import Links, Wave
from linkage.synth import region
from pilots import Pilot, on
