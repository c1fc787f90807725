"""The web console 控制台: what operators see and do in a browser. `site.console` makes it an application."""
