"""What every engine takes and gives: limits, a query's text, answers, the protocol."""
