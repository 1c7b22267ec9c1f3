enum IndexPage { static let html = ""; static let icon = "" }
enum StyleSheet { static let css = "" }
enum Script { static let javaScript = "" }
