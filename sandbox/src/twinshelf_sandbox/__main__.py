"""`python -m twinshelf_sandbox`: the command `twinshelf-sandbox`."""

from twinshelf_sandbox.command import app

app(prog_name="twinshelf-sandbox")
