import ArgumentParser
import Foundation
import LeewayConfiguration
import LeewayCore
import LeewayService

struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Verify, copy and restore the ledger.",
    discussion: """
      For a ledger that is an SQLite file. One in PostgreSQL has pg_dump and pg_restore; verify reads what leeway has stored \
      there.

      EXAMPLE
        leeway ledger verify --config leeway.yaml
      """,
    subcommands: [Verify.self, Backup.self, Restore.self])

  struct Place: ParsableArguments {
    @Option(help: "The service's configuration, which names the ledger.") var config = "leeway.yaml"

    func maintenance() throws -> LedgerMaintenance {
      let (location, problems) = ServiceConfiguration.ledger(
        config, environment: ProcessInfo.processInfo.environment)
      guard let location else {
        Monitors.report(problems)
        throw ExitCode(1)
      }
      return LedgerMaintenance(configPath: config, location: location)
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read all of the ledger and say what is damaged; a service may be running.",
      discussion: """
        Exit code 3 if something is damaged. SQLite has no checksums: a byte that has changed within a number or a text is \
        not found.

        EXAMPLE
          leeway ledger verify --config leeway.yaml
        """)

    @OptionGroup var place: Place

    func run() throws { Console.write(try place.maintenance().verify() + "\n", to: .output) }
  }

  struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copy the ledger, as it is at one moment, into a new file; a service may be running.",
      discussion: """
        The copy is made for its owner only (mode 0600) and verified before it gets its name.

        EXAMPLE
          leeway ledger backup leeway-backup.db
        """)

    @Argument(help: "The new file.") var copy: String
    @OptionGroup var place: Place

    func run() throws { Console.write(try place.maintenance().backup(to: copy) + "\n", to: .output) }
  }

  struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a copy in the ledger's place, while no service runs; the ledger that was there is kept.",
      discussion: """
        The copy is verified first. The service then reads on from the copy's offsets: Kafka must still have the messages.

        EXAMPLE
          leeway ledger restore leeway-backup.db
        """)

    @Argument(help: "A file that leeway ledger backup made.") var copy: String
    @OptionGroup var place: Place

    func run() throws { Console.write(try place.maintenance().restore(from: copy) + "\n", to: .output) }
  }
}
