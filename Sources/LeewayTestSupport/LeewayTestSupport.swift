// LeewayTestSupport
