/// Tells what surrounds the content of a page from the content, by the elements, roles and class names that sites use for it.
struct HTMLBoilerplate {
    let tree: HTMLTree
    let measure: HTMLMeasure

    /// Whether `node` is no part of the content. What holds more than a third of all prose never is, whatever it is called.
    func contains(_ node: Int, of body: Int) -> Bool {
        guard measure.prose(node) * 3 <= measure.prose(body) || measure.prose(node) == 0 else { return false }
        let attributes = tree.attributes(node)
        if let role = attributes?.role, Self.roles.contains(role) { return true }
        switch tree.tag(node) {
        case .nav, .search: return true
        case .header, .footer: return !isInsideContent(node)
        case .aside: return !isNote(node)
        case .h1, .h2, .h3, .h4, .h5, .h6, .p, .main, .article: return false
        default: return attributes.map { isNamedSo(node, $0.words) } == true
        }
    }

    // MARK: - Elements

    /// Headers and footers belong to what they stand in.
    private func isInsideContent(_ node: Int) -> Bool {
        var next = tree.parent(node)
        while let ancestor = next {
            let tag = tree.tag(ancestor)
            if tag == .article || tag == .main || tag == .section || tree.attributes(ancestor)?.role == "main" { return true }
            next = tree.parent(ancestor)
        }
        return false
    }

    /// Manuals put hints and warnings aside, which are content.
    private func isNote(_ node: Int) -> Bool {
        guard let attributes = tree.attributes(node), measure.linked(node) <= measure.prose(node) else { return false }
        return !attributes.words.isDisjoint(with: Self.noteWords) || attributes.role == "note" || attributes.role == "doc-footnote"
    }

    // MARK: - Names

    private func isNamedSo(_ node: Int, _ words: Set<String>) -> Bool {
        guard !words.isEmpty else { return false }
        if !words.isDisjoint(with: Self.names) { return true }
        if words.contains("cookie") || words.contains("cookies") { return !words.isDisjoint(with: Self.bannerWords) }
        let (prose, linked) = (measure.prose(node), measure.linked(node))
        if !words.isDisjoint(with: Self.linkListWords) { return measure.links(node) > 0 && linked * 2 > prose }
        return !words.isDisjoint(with: Self.promotionWords) && (prose < 200 || linked * 2 > prose)
    }

    private static let roles: Set = [
        "navigation", "banner", "contentinfo", "search", "menu", "menubar", "toolbar", "dialog", "alertdialog",
    ]

    private static let noteWords: Set = [
        "note", "tip", "warning", "caution", "important", "info", "admonition", "callout", "footnote", "footnotes", "example", "hint",
    ]

    /// Names that nobody gives to content: those of MediaWiki's tools, of text for screen readers, of tools for consent.
    private static let names: Set = [
        "editsection", "mw-editsection", "navbox", "vertical-navbox", "mw-jump-link", "noprint", "catlinks", "printfooter", "portlet",
        "mw-cite-backlink", "mw-indicators", "toc", "table-of-contents", "tableofcontents", "sr-only", "visually-hidden",
        "screen-reader-text", "skip-link", "skiplink", "breadcrumb", "breadcrumbs", "navbar", "cookieconsent", "onetrust", "gdpr",
        "advertisement", "adsbygoogle",
    ]

    private static let bannerWords: Set = [
        "banner", "consent", "notice", "bar", "popup", "law", "message", "warning", "modal", "overlay", "disclaimer", "alert", "dialog",
    ]

    private static let linkListWords: Set = [
        "nav", "navigation", "menu", "menubar", "sidebar", "footer", "masthead", "pagination", "pager", "related", "recommended", "tags",
        "languages", "topbar", "toolbar", "sitemap", "dropdown",
    ]

    private static let promotionWords: Set = [
        "share", "sharing", "social", "newsletter", "subscribe", "advert", "ads", "sponsored", "promo", "popup", "modal",
    ]
}
