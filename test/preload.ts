// Before each run of the tests. Those that start a gateway build the executable on first use (test/support/gateway.ts), so unit tests never wait for it.
import { setDefaultTimeout } from 'bun:test'

// A time-out of the runner ends every child process, also those that other tests share: each wait gives up long before (test/support/wait.ts).
setDefaultTimeout(300_000)
