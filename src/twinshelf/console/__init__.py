"""The web console: server-made pages with HTMX. Views check permission, do one thing and answer."""
