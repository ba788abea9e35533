// sluice admin setup-token: what makes the first user.
import type { Io } from '../io.ts'
import { failed, withKept } from './kept.ts'

const HELP = `Prints the one-time token that makes the first user, in a browser or by POST /api/v1/auth/setup.

Usage: sluice admin setup-token [-c FILE]

  -c, --config FILE  the config file of the gateway; default ./sluice.yaml, then /etc/sluice/sluice.yaml
  -h, --help         this text

It stands in the file setup-token of the data folder as well, and in the log ("setup_needed"). It is gone once it was used;
a start of the gateway makes another one, but for one that was printed before the first start: that is the one of this start. "sluice admin user add NAME --role admin" does without it.
Exit code: 0 printed; 1 there are users already, or the data folder cannot be used; 2 wrong usage.
`

export function setupToken(args: readonly string[], io: Io): Promise<number> {
  const command = 'admin setup-token'
  return withKept({ command, help: HELP, options: {}, isMaking: () => true }, args, io, ({ store }) => {
    if (store.users.count() > 0)
      return failed(
        command,
        'there are users already; "sluice admin reset-password NAME" lets one in again',
        io,
      )
    io.stdout(`${store.setupToken.readOrMake()}\n`)
    return 0
  })
}
