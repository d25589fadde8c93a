"""The design system: base templates, component tags, charts, styles."""
