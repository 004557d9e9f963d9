/// A number with its unit, in the plural unless there is one: "0 bytes", "1 byte", "2 bytes".
package func counted(_ number: Int, _ unit: String) -> String {
    "\(number) \(unit)\(number == 1 ? "" : "s")"
}
