// Every way in which the admin API says no: code, status, title, and what the help page of the code says.

interface ProblemKind {
  readonly status: number
  readonly title: string
  /** What it means, and what to do. */
  readonly help: string
}

/** By code; a code is never renamed, as programs look for it. */
export const PROBLEMS = {
  bad_request: {
    status: 400,
    title: 'The request is not understood',
    help: 'A header or a word of the request is not what it may be. The detail names it; nothing was changed.',
  },
  body_malformed: {
    status: 400,
    title: 'The body is not what its type says',
    help: 'The body is no JSON, or no UTF-8. The detail names the place. Check what your program sends: curl --data-binary keeps line ends, --data does not.',
  },
  query_invalid: {
    status: 400,
    title: 'A parameter of the query is not understood',
    help: 'Parameters that are not known are refused rather than passed over: a misspelled dry_run would be a change. `errors` names each, with what is allowed.',
  },
  not_signed_in: {
    status: 401,
    title: 'Nobody is signed in',
    help: 'This needs a credential: a token (Authorization: Bearer slt_…; `sluice admin token --role ROLE` makes one), a sign-in of the browser, or the Unix socket in the data folder.',
  },
  sign_in_failed: {
    status: 401,
    title: 'The sign-in failed',
    help: 'The name, the password or the code is wrong; which of them is not told. `sluice admin reset-password NAME` sets a new one on the machine of the gateway.',
  },
  code_needed: {
    status: 401,
    title: 'A code is needed as well',
    help: 'The user has a second factor. Send the code of the authenticator app, or a recovery code, as `code` with name and password. `sluice admin reset-totp NAME` removes it on the machine of the gateway.',
  },
  token_invalid: {
    status: 401,
    title: 'The token is not one of this gateway',
    help: 'It was revoked, mistyped, or made by another gateway. `sluice admin token --role ROLE` makes one.',
  },
  token_expired: {
    status: 401,
    title: 'The token has expired',
    help: 'Make another one: `sluice admin token --role ROLE [--expires 90d]`.',
  },
  forbidden: {
    status: 403,
    title: 'This role may not do it',
    help: '`required_role` says which role may. Each may all that the one before it may: viewer, operator, editor, admin. Tokens may be limited to some resources as well.',
  },
  not_trusted: {
    status: 403,
    title: 'This address may not read without a credential',
    help: 'Without a credential health and metrics are for this machine and the ranges in admin.trusted. Add the range of your monitoring there, or give it a token with role viewer.',
  },
  outside_source_ranges: {
    status: 403,
    title: 'The token is not for this address',
    help: 'It was made for other source ranges than the one that it is used from.',
  },
  outside_scope: {
    status: 403,
    title: 'The token is not for this resource',
    help: 'It was made for some resources only, as backends/api/*.',
  },
  cross_site: {
    status: 403,
    title: 'Another site asks by this browser',
    help: 'A browser sent this for a page that is not ours (Sec-Fetch-Site, Origin). Changes are taken from our own pages only; programs send neither header.',
  },
  csrf_missing: {
    status: 403,
    title: 'The token of the sign-in is missing',
    help: 'A change with a cookie needs the header X-CSRF-Token with the token of that sign-in, which GET /api/v1/auth/me tells.',
  },
  tls_needed: {
    status: 403,
    title: 'Not where it can be read on its way',
    help: 'Passwords, tokens and cookies are taken by TLS, from this machine, or by a Unix socket. Ask by https, or by an SSH tunnel to the machine of the gateway.',
  },
  step_up_needed: {
    status: 403,
    title: 'A fresh password is needed',
    help: 'Users, tokens, private keys and the admin listener need a password or a code that was given in the last minutes: POST /api/v1/auth/step-up, then again.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing of that name',
    help: 'The path is right, but what it names is not there, or not any more. The list one segment above says what there is.',
  },
  path_unknown: {
    status: 404,
    title: 'There is no such path',
    help: 'GET /api/v1 lists the paths; /api/v1/openapi.json describes them. A name within a path is percent-encoded.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The path does not take this method',
    help: 'The header Allow lists the methods that it takes.',
  },
  not_acceptable: {
    status: 406,
    title: 'It cannot be had in that form',
    help: 'The header Accept names none of the forms that there are; the detail lists them.',
  },
  conflict: {
    status: 409,
    title: 'It does not fit what there is now',
    help: 'What was asked for contradicts the present state; the detail says how.',
  },
  exists: {
    status: 409,
    title: 'There is one of that name already',
    help: 'Names are unique within their list. Change the one that is there, or take another name.',
  },
  in_use: {
    status: 409,
    title: 'Others name it',
    help: 'A backend that rules or listeners lead to, a certificate of a listener, a listener of a rule: `used_by` lists who. Change those first, or all of it in one changeset.',
  },
  not_spliced: {
    status: 409,
    title: 'The file cannot be changed so',
    help: 'The place in the file is shared by an anchor, or the short form cannot say it (`needs_long_form`: POST /api/v1/config/long-form writes the long one). Edit the file by hand, or send the whole text to PUT /api/v1/config.',
  },
  file_read_only: {
    status: 409,
    title: 'The config file cannot be written',
    help: 'It is mounted read-only, belongs to another user, or its disk is full: `cause` says which. `patch` has the change as a unified diff: make it where the file comes from. Nothing was changed.',
  },
  etag_mismatch: {
    status: 412,
    title: 'It was changed by somebody else',
    help: 'What If-Match names is not what there is now. `current` and `current_etag` have the present state: look at it, make the change anew. `If-Match: *` overrides on purpose.',
  },
  file_missing: {
    status: 412,
    title: 'The config file cannot be read',
    help: 'It was removed or renamed, or the user of the gateway may not read it any more; what it said is served still. Put it back (`sluice history N` prints the text of a revision, GET /api/v1/config that which is served) or let it be read, then make the change again. Nothing was written.',
  },
  file_broken: {
    status: 412,
    title: 'The config file is no valid config',
    help: 'What was written into it was refused, and what was before is served still. `errors` has the first problem, `sluice check` all of them. Mend the file, or write over it on purpose: PUT /api/v1/config with `theirs.hash` in If-Match. Nothing was written.',
  },
  file_changed: {
    status: 412,
    title: 'The file was changed by somebody else',
    help: 'The config file is not the one that the change was made from. Read it again, make the change anew, and send it with its hash in If-Match.',
  },
  too_slow: {
    status: 408,
    title: 'The body came too slowly',
    help: 'A body has 20 seconds, and one more for each 8 KiB of it that has come; nothing was changed. Send it again, by a line that carries as much.',
  },
  too_large: {
    status: 413,
    title: 'The body is too large',
    help: 'The detail says how much is taken: mostly 1 MiB, 16 MiB for the text of a config, 32 KiB for a sign-in.',
  },
  type_not_taken: {
    status: 415,
    title: 'The path takes no body of this type',
    help: 'The detail lists the types that are taken. curl sends application/x-www-form-urlencoded unless it is told: -H "Content-Type: application/json".',
  },
  not_this_host: {
    status: 421,
    title: 'The name is not one of this gateway',
    help: 'The header Host names another machine. Ask by IP address, by localhost or by the name of this machine: a name that somebody made to point here is not answered (DNS rebinding).',
  },
  body_invalid: {
    status: 422,
    title: 'The body does not fit',
    help: '`errors` has each problem with a JSON pointer into the body that was sent, what was found and what is allowed. Nothing was changed.',
  },
  config_invalid: {
    status: 422,
    title: 'The config was refused',
    help: '`errors` has each problem with path, line and what is allowed. What was served goes on; nothing was written.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was sent with another request',
    help: 'A key stands for one request for ten minutes. Take a new one for each new change.',
  },
  locked_out: {
    status: 423,
    title: 'Too many failures: wait',
    help: 'Retry-After says for how long. `sluice admin unlock NAME` on the machine of the gateway ends it at once.',
  },
  precondition_required: {
    status: 428,
    title: 'If-Match is missing',
    help: 'Say what the change was made from: read the resource, and send its ETag in If-Match. `If-Match: *` overrides on purpose.',
  },
  too_many: {
    status: 429,
    title: 'Too many requests',
    help: 'Retry-After says when to ask again.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many attempts to sign in',
    help: 'From this address, or at all just now. Retry-After says when to try again.',
  },
  too_many_own_watchers: {
    status: 429,
    title: 'You watch too often already',
    help: 'One user or token has no more than a quarter of the places that there are, in all browsers and programs together. Close some; the detail says how many there are.',
  },
  data_not_writable: {
    status: 503,
    title: 'The data folder cannot be written',
    help: 'What was uploaded is kept in the data folder, which is full or not writable. The detail has what the system said.',
  },
  internal: {
    status: 500,
    title: 'The gateway could not make this answer',
    help: 'This is a bug of the gateway: its log has an event "bug" with the same instance. Traffic goes on.',
  },
  not_now: {
    status: 503,
    title: 'The gateway starts or stops',
    help: 'Nothing is changed while the gateway starts or stops. Ask again once it serves.',
  },
  issuer_unavailable: {
    status: 503,
    title: 'The keys of the issuer cannot be had',
    help: 'admin.jwt names where the issuer of tokens publishes its keys (jwks_url, jwks_file). They cannot be read from there now; the detail says why. Tokens of the gateway itself work.',
  },
  relay_unavailable: {
    status: 503,
    title: 'The TURN relay does not answer',
    help: 'The relay is being started again, or hangs. Its events in the log say which.',
  },
  too_many_watchers: {
    status: 503,
    title: 'Too many watch already',
    help: 'As many streams of events are open as the gateway has at a time. Close some (a dashboard has one in each tab), or ask for the list (Accept: application/json) now and then.',
  },
  store_busy: {
    status: 503,
    title: 'The database in the data folder is held by another process',
    help: 'A program that looks into data/state.db, or makes a copy of it, keeps it from being written. Nothing was changed: ask again after the time in Retry-After. What is only read is answered meanwhile, and traffic goes on.',
  },
  store_unavailable: {
    status: 503,
    title: 'The database in the data folder cannot be used',
    help: 'Users, tokens and revisions are kept in data/state.db, which cannot be opened or written; the event store_not_open says why. Traffic goes on, and the Unix socket answers.',
  },
} as const satisfies Readonly<Record<string, ProblemKind>>

export type ProblemCode = keyof typeof PROBLEMS

/** Where a code is explained, relative to the admin listener. */
export const problemType = (code: ProblemCode): string => `/_admin/problems/${code}`
