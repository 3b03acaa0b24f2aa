"""Trains, measures, exports and names models. Commands on top; ``nn``, ``data``, ``model``, ``report``, ``stages`` below."""
