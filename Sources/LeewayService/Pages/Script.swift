/// The page's script, in the order in which its parts build on one another.
///
/// Everything that comes from the API is put into the page as text nodes and attributes, never as HTML: feature values
/// and names come from other people's events.
enum Script {
  static let javaScript =
    "\"use strict\";\n(() => {\n" + elements + source + charts + incidents + monitors + instances + explore + start
    + "})();\n"
}
