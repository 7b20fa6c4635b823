/// The version of all of bim's programs.
package let version = "0.1.0"
