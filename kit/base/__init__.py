"""What every other part stands on: errors, checks, units, workspace, store, assets."""
