// LeewayLedger
