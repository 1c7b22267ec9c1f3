// LeewayStatistics
