// Before each run of the tests. Those that start a gateway build the executable on first use (test/support/gateway.ts), so unit tests never wait for it.
import { setDefaultTimeout } from 'bun:test'

setDefaultTimeout(30_000)
