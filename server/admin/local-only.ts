// Who asks where nobody can sign in yet: nobody who comes by TCP.
import type { Authenticator, Refusal } from './auth/authenticator.ts'

export class LocalOnly implements Authenticator {
  whoAsks(): Promise<Refusal> {
    return Promise.resolve({
      code: 'not_signed_in',
      detail: 'This is for those who ask by the control socket in the data folder.',
      headers: { 'WWW-Authenticate': 'Bearer realm="sluice"' },
    })
  }
}
