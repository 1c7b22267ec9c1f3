// LeewaySource
