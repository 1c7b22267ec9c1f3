// LeewayCore
