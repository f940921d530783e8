/// Words that tell little about what a text is on, by language. Lists of grammar and everyday vocabulary, not drawn from any corpus.
struct WordLists: Sendable {
    /// The lists, read once.
    static let shared = WordLists()

    private let functionWords: Set<UInt64>
    private let commonStems: Set<UInt64>
    private let commonKorean: Set<UInt64>
    /// Korean particles and endings as bytes, longest first.
    private let koreanSuffixes: [[UInt8]]

    private init() {
        functionWords = Self.hashes(Self.englishFunctionWords) { $0 }
        var stemmer = EnglishStemmer()
        commonStems = Self.hashes(Self.englishCommonWords) { word in
            word.withUnsafeBufferPointer { stemmer.stem($0) }
            return stemmer.word
        }
        commonKorean = Self.hashes(Self.koreanCommonWords) { $0 }
        koreanSuffixes = Self.koreanSuffixList.split(separator: " ").map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// Whether an English word in search form is a function word.
    func isFunctionWord(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        functionWords.contains(StableHash.of(word))
    }

    /// Whether the stem of an English word is that of a common content word.
    func isCommonStem(_ stem: UnsafeBufferPointer<UInt8>) -> Bool {
        commonStems.contains(StableHash.of(stem))
    }

    /// Whether a Korean word tells little.
    func isCommonKorean(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        commonKorean.contains(StableHash.of(word))
    }

    /// The number of bytes of a Hangul run without its particle or ending; two syllables at least stay.
    func koreanStemLength(_ run: UnsafeBufferPointer<UInt8>) -> Int {
        for suffix in koreanSuffixes where run.count - suffix.count >= 6 {
            let start = run.count - suffix.count
            if suffix.indices.allSatisfy({ run[start + $0] == suffix[$0] }) { return start }
        }
        return run.count
    }

    private static func hashes(_ list: String, of form: ([UInt8]) -> [UInt8]) -> Set<UInt64> {
        Set(list.split(separator: " ").map { word in form(Array(word.utf8)).withUnsafeBufferPointer { StableHash.of($0) } })
    }

    private static let englishFunctionWords = """
        a an the and or but if of at by for with about against between into through during before after above below to from up down in out \
        on off over under again further then once here there when where why how all any both each few more most other some such no nor not \
        only own same so than too very s t can will just don should now is are was were be been being am have has had having do does did \
        doing would could i me my we our you your he him his she her it its they them their us what which who whom whose this that these \
        those as until while also may might must shall upon within without among per via one two yes much many because however therefore \
        thus
        """

    private static let englishCommonWords = """
        first time year people world number name used use many call made make part most new three known early late later long great high \
        large small different group place city state country day work war life man men woman women system end area old well way point form \
        become begin since several often example include including around member united american british general public national \
        international local history government century modern major important main common according person house school university book \
        english family water land right left give given take taken come go say said see find found know think want need help show get put \
        set run keep let turn move play live like look seem good bad big little last next young full open close free human power force law \
        order case fact kind type thing line level field result process problem question answer change increase provide follow produce lead \
        develop allow support control cause effect mean term word study research report data information method model base based using four \
        five six seven ten hundred thousand million second third today still even back away never always usually generally particularly \
        especially although though despite along across behind beyond near
        """

    private static let koreanSuffixList = """
        은 는 이 가 을 를 의 에 에서 에게 로 으로 와 과 도 만 까지 부터 보다 처럼 이다 였다 이었다 했다 하는 하고 하여 한 할 된 되는 되어 됐다 되었다 라는 이라는 \
        라고 이라고 에는 에서는 으로는 에도 들 들이 들은 들을 인 이며 이고 다 하였다 한다 했던 하기 하게 지만 으며 면서
        """

    private static let koreanCommonWords = """
        있다 있는 있었다 없다 것 수 그 이 등 및 또는 또한 위해 대한 대해 통해 따라 무엇 누구 어디 언제 어떤 몇 무엇인가 누구인가 어디인가 언제인가 사람 이름 때 때문 \
        가장 다른 함께 그리고 하지만 그러나 후 전 중
        """
}
