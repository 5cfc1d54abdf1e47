"""Tests of the incidents service."""
