/// English words written with a full stop that need not end a sentence.
enum Abbreviation {
    /// Something always follows: titles, "e.g.".
    case neverFinal
    /// An ordinary word unless a number follows: "No. 5", "Jan. 3".
    case beforeNumber
    /// Ends a sentence only before a word that often begins one: "the U.S. The", "Smith Inc. It".
    case seldomFinal

    /// Classifies the word before a full stop (without that full stop), nil when it is no abbreviation.
    init?(_ word: ArraySlice<UInt8>) {
        let name = String(decoding: word, as: UTF8.self)
        let lowercased = name.lowercased()
        if Self.isInitials(name) || Self.seldomFinalWords.contains(lowercased) {
            self = .seldomFinal
        } else if Self.neverFinalWords.contains(lowercased) {
            self = .neverFinal
        } else if Self.numberedWords.contains(lowercased) {
            self = .beforeNumber
        } else {
            return nil
        }
    }

    /// Whether a sentence often begins with this word.
    static func startsSentence(_ word: ArraySlice<UInt8>) -> Bool {
        sentenceStarters.contains(String(decoding: word, as: UTF8.self))
    }

    /// Single capitals between full stops: "J", "U.S", "J.R.R".
    private static func isInitials(_ name: String) -> Bool {
        name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { $0.count == 1 && $0.first?.isUppercase == true }
    }

    private static let neverFinalWords = words(
        """
        mr mrs ms mx dr prof rev hon gen col lt sgt capt cmdr maj adm gov sen rep pres supt messrs mme mlle e.g i.e eg ie cf vs viz al ca \
        approx
        """
    )
    private static let numberedWords = words(
        "no nos p pp vol vols ch sec art fig figs eq eqs ex ver v r jan feb mar apr jun jul aug sep sept oct nov dec"
    )
    private static let seldomFinalWords = words("inc ltd co corp jr sr st mt ft ave blvd dept univ est ph.d m.d b.a m.a a.m p.m etc")
    private static let sentenceStarters = words(
        """
        A An The This That These Those It Its He His She Her We Our They Their You Your I My In On At By For From As After Before When \
        While If But And So However There Here
        """
    )

    private static func words(_ list: String) -> Set<String> {
        Set(list.split(separator: " ").map(String.init))
    }
}
