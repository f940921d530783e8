import Storage
import Testing

@Suite struct AgeTests {
    @Test(arguments: [("6months", "6 months"), ("90 days", "90 days"), ("2w", "14 days"), ("1year", "12 months"), ("1D", "1 days")])
    func `A number and a unit`(text: String, meaning: String) {
        #expect(Age(text)?.description == meaning)
    }

    @Test(arguments: ["", "6", "months", "0days", "-1days", "1.5years", "6monthsx", "999999999999999999999days", "١day"])
    func `Anything else is no age`(text: String) {
        #expect(Age(text) == nil)
    }
}
