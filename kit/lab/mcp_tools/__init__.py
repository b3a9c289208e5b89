"""Tools of agents in Jupyter AI: kit's read-only helpers, guarded, for ``jupyter-server-mcp``.

What a tool returns goes to a model, so it holds to the allow-list of `kit.ai.disclosure`: names and
types, definitions, labels and groups of at least 20 rows with rounded figures. No row, no id, no
engine's message, no figure of a holdout. No tool writes, spends a look, asks a model, or reads
outside the workspace. An agent is hostile text: whatever it passes is checked here.
"""

TOOLS = [
    "kit.lab.mcp_tools.data:kit_describe_data",
    "kit.lab.mcp_tools.data:kit_ask_data",
    "kit.lab.mcp_tools.data:kit_check_sql",
    "kit.lab.mcp_tools.data:kit_run_sql",
    "kit.lab.mcp_tools.documents:kit_ask_documents",
    "kit.lab.mcp_tools.records:kit_list_runs",
    "kit.lab.mcp_tools.records:kit_list_looks",
    "kit.lab.mcp_tools.results:kit_read_result",
    "kit.lab.mcp_tools.results:kit_check_narrative",
]
"""``module:function``, as the entry point ``jupyter_server_mcp.tools`` wants them: a server that
lists its tools imports none of this package's weight."""
