// What `sluice -h` and `sluice COMMAND -h` say.

const GENERAL = `Sluice balances HTTP traffic and relays WebRTC (STUN and TURN), and is changed live by its config file.

Usage: sluice COMMAND [options]

  run       serve what a config file says
  check     look for problems in a config file
  demo      three sample servers, a gateway and a little traffic
  status    listeners, backends and servers of a running gateway
  health    which servers are up
  metrics   what was served so far
  turn      credentials, allocations and tests of STUN and TURN
  version   the version of this program

  -h, --help     this text; after a command the text on it
  -v, --version  the version of this program

"sluice COMMAND -h" tells more about a command.
`

const BY_COMMAND: Readonly<Record<string, string>> = {
  run: `Serves what a config file says, until SIGTERM or SIGINT; then finishes what is in flight.

Usage: sluice run [-c FILE] [-l LEVEL] [--no-watch] [--validate]

  -c, --config FILE      the config file; default ./sluice.yaml, then /etc/sluice/sluice.yaml
  -l, --log-level LEVEL  debug, info, warn or error; goes before the file's logs.level
      --no-watch         do not reload when the file changes; SIGHUP still does
      --validate         only look for problems, as "sluice check" does

A changed file is checked first: one with problems changes nothing. SIGHUP reloads and reopens the logs.
Exit code: 0 stopped in order; 1 invalid config or failed start; 2 wrong usage.
`,
  version: `Prints the version of this program.

Usage: sluice version
`,
}

/** Help on a command that has its text here; on all of them when none is named. Null: the command tells by itself. */
export function helpOn(command: string | null): string | null {
  return command === null ? GENERAL : (BY_COMMAND[command] ?? null)
}
