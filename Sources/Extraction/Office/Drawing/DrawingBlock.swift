/// A piece of what a slide, diagram or chart says.
enum DrawingBlock {
    case paragraph(String)
    /// An item of a list with its mark in front, and its level from 0.
    case item(String, level: Int)
    /// The first row holds the titles.
    case table([[String]])
}
