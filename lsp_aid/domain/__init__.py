"""The values that all of lsp-aid speaks in, and the ports through which features reach the outside.

Frozen, without I/O, without JSON: conversion happens at the borders (server, cli, models).
"""
