// What the admin API takes and answers. Made from its routes by `bun test/check/api-types.ts --write`, and
// held against them by `npm run check`: do not edit.

/** What a parameter of a query may be given as. */
export type QueryValue = string | number | boolean | undefined

/** By method and path. */
export interface Api {
  'GET /api/v1/overview': { query: {  }; body: undefined; answer: Overview }
  'GET /api/v1/timelines': { query: { window?: QueryValue; backend?: QueryValue }; body: undefined; answer: Timelines }
  'GET /api/v1/status': { query: {  }; body: undefined; answer: { version: string; commit: string; bun: string; pid: number; started: string; uptime_s: number; healthy: boolean; draining: boolean; admin: (string | null); config: unknown; workers: { wanted: number; serving: number }; listeners: ({ name: string; protocol: string; address: unknown; counts?: string; open?: number; total?: number; faults?: number })[]; backends: ({ name: string; algorithm: string; servers: number; healthy: number; active_connections: number; total_requests: number; failed_requests: number })[]; total_requests: number; total_failures: number } }
  'GET /api/v1/workers': { query: {  }; body: undefined; answer: { workers: ({ pid: number; slot: number; uptime_s: number })[] } }
  'POST /api/v1/reload': { query: {  }; body: undefined; answer: unknown }
  'POST /api/v1/stop': { query: {  }; body: undefined; answer: { process: unknown; within_ms: number } }
  'GET /api/v1/overload': { query: {  }; body: undefined; answer: Overload }
  'GET /api/v1/cache': { query: {  }; body: undefined; answer: Cache }
  'POST /api/v1/cache/purge': { query: {  }; body: { urls?: (string)[]; tags?: (string)[]; rules?: (string)[]; all?: boolean }; answer: { removed: number; silent: (number)[] } }
  'GET /api/v1/upgrade': { query: {  }; body: undefined; answer: { state: ("none" | "running" | "failed" | "done"); program?: string; pid?: (number | null); version?: (string | null); since?: string; why?: string; from?: number; process: number } }
  'POST /api/v1/upgrade': { query: {  }; body: { program?: string; step_ms?: number; probation_ms?: number }; answer: { process: unknown; within_ms: number } }
  'GET /api/v1/names': { query: {  }; body: undefined; answer: Names }
  'GET /api/v1/diagnostics': { query: {  }; body: undefined; answer: Diagnostics }
  'GET /api/v1/config': { query: { view?: QueryValue }; body: undefined; answer: unknown }
  'GET /api/v1/config/status': { query: {  }; body: undefined; answer: ConfigStatus }
  'GET /api/v1/config/schema': { query: {  }; body: undefined; answer: Record<string, unknown> }
  'POST /api/v1/config/validate': { query: {  }; body: undefined; answer: { valid: boolean; hash?: string; errors: ({ path: string; message: string; file?: string; line?: number; column?: number; code?: string; hint?: (string | null) })[]; warnings: (string)[] } }
  'PUT /api/v1/config': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; message?: QueryValue; watch?: QueryValue }; body: undefined; answer: Changed }
  'POST /api/v1/config': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; message?: QueryValue; watch?: QueryValue }; body: undefined; answer: Changed }
  'POST /api/v1/config/confirm': { query: {  }; body: undefined; answer: unknown }
  'POST /api/v1/config/rollback': { query: {  }; body: { revision?: number; message?: string }; answer: Changed }
  'GET /api/v1/lbs/{name}': { query: {  }; body: undefined; answer: Record<string, unknown> }
  'GET /api/v1/lbs/{name}/status': { query: {  }; body: undefined; answer: Record<string, unknown> }
  'GET /api/v1/lbs/{name}/health': { query: {  }; body: undefined; answer: Record<string, unknown> }
  'GET /api/v1/lbs/{name}/metrics': { query: {  }; body: undefined; answer: Record<string, unknown> }
  'POST /api/v1/changes': { query: { dry_run?: QueryValue }; body: { text?: string; revision?: number; message?: string; confirm_within?: number; watch?: number }; answer: (Changed | Tried) }
  'GET /api/v1/config/revisions': { query: { below?: QueryValue; limit?: QueryValue; lines?: QueryValue }; body: undefined; answer: { revisions: (Revision)[]; next: (number | null) } }
  'GET /api/v1/config/revisions/{revision}': { query: {  }; body: undefined; answer: Revision }
  'GET /api/v1/config/revisions/{revision}/diff/{other}': { query: {  }; body: undefined; answer: { diff?: string; diff_cut: boolean; lines: { removed: number; added: number }; changes: ({ kind: string; what: string; path: string; before: (string | null); after: (string | null); words: string })[]; changes_left_out: number; impact: (Impact | null) } }
  'GET /api/v1/operations': { query: {  }; body: undefined; answer: { operations: (Operation)[] } }
  'GET /api/v1/operations/{operation}': { query: {  }; body: undefined; answer: Operation }
  'POST /api/v1/backends/{backend}/rollouts': { query: {  }; body: { new_servers: (({ url: string; name?: string; weight?: number } | string))[]; batch_size?: number; interval?: number; gate?: number; on_failure?: ("roll_back" | "pause") }; answer: { operation: string; added: ({ url: string; name?: string; weight?: number })[]; removed: (string)[] } }
  'GET /api/v1/backends/{backend}/rollouts': { query: {  }; body: undefined; answer: { rollouts: (Operation)[] } }
  'GET /api/v1/backends/{backend}/rollouts/{rollout}': { query: {  }; body: undefined; answer: Operation }
  'DELETE /api/v1/backends/{backend}/rollouts/{rollout}': { query: {  }; body: undefined; answer: { operation: string } }
  'POST /api/v1/backends/{backend}/rollouts/{rollout}/pause': { query: {  }; body: undefined; answer: { operation: string } }
  'POST /api/v1/backends/{backend}/rollouts/{rollout}/resume': { query: {  }; body: undefined; answer: { operation: string } }
  'POST /api/v1/backends/{backend}/rollouts/{rollout}/abort': { query: {  }; body: undefined; answer: { operation: string } }
  'POST /api/v1/backends/{backend}/rollouts/{rollout}/rollback': { query: {  }; body: undefined; answer: { operation: string } }
  'POST /api/v1/certificates/{certificate}/retry': { query: {  }; body: undefined; answer: unknown }
  'POST /api/v1/certificates/validate': { query: {  }; body: { certificate_pem: string; private_key_pem?: string; names?: (string)[]; replaces?: string }; answer: CheckedCertificate }
  'POST /api/v1/certificates/self-signed': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: { name: string; names: (string)[]; days?: number }; answer: Tried | Resource }
  'GET /api/v1/certificates/{certificate}/log': { query: {  }; body: undefined; answer: CertificateLog }
  'GET /api/v1/listeners': { query: { limit?: QueryValue; cursor?: QueryValue; name?: QueryValue; filter?: QueryValue; fields?: QueryValue }; body: undefined; answer: ResourceList }
  'POST /api/v1/listeners': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'GET /api/v1/listeners/{listener}': { query: {  }; body: undefined; answer: Resource }
  'PUT /api/v1/listeners/{listener}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'PATCH /api/v1/listeners/{listener}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) }
  'DELETE /api/v1/listeners/{listener}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: undefined; answer: (Resource | Tried | { change: Change }) }
  'GET /api/v1/rules': { query: { limit?: QueryValue; cursor?: QueryValue; name?: QueryValue; filter?: QueryValue; fields?: QueryValue }; body: undefined; answer: ResourceList }
  'POST /api/v1/rules': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'GET /api/v1/rules/{rule}': { query: {  }; body: undefined; answer: Resource }
  'PUT /api/v1/rules/{rule}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'PATCH /api/v1/rules/{rule}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) }
  'DELETE /api/v1/rules/{rule}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: undefined; answer: (Resource | Tried | { change: Change }) }
  'GET /api/v1/backends': { query: { limit?: QueryValue; cursor?: QueryValue; name?: QueryValue; filter?: QueryValue; fields?: QueryValue }; body: undefined; answer: ResourceList }
  'POST /api/v1/backends': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'GET /api/v1/backends/{backend}': { query: {  }; body: undefined; answer: Resource }
  'PUT /api/v1/backends/{backend}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'PATCH /api/v1/backends/{backend}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) }
  'DELETE /api/v1/backends/{backend}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: undefined; answer: (Resource | Tried | { change: Change }) }
  'GET /api/v1/certificates': { query: { limit?: QueryValue; cursor?: QueryValue; name?: QueryValue; filter?: QueryValue; fields?: QueryValue }; body: undefined; answer: ResourceList }
  'POST /api/v1/certificates': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'GET /api/v1/certificates/{certificate}': { query: {  }; body: undefined; answer: Resource }
  'PUT /api/v1/certificates/{certificate}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'PATCH /api/v1/certificates/{certificate}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) }
  'DELETE /api/v1/certificates/{certificate}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: undefined; answer: (Resource | Tried | { change: Change }) }
  'GET /api/v1/backends/{backend}/servers': { query: { limit?: QueryValue; cursor?: QueryValue; name?: QueryValue; filter?: QueryValue; fields?: QueryValue }; body: undefined; answer: ResourceList }
  'POST /api/v1/backends/{backend}/servers': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'GET /api/v1/backends/{backend}/servers/{server}': { query: {  }; body: undefined; answer: Resource }
  'PUT /api/v1/backends/{backend}/servers/{server}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) | Resource }
  'PATCH /api/v1/backends/{backend}/servers/{server}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: Record<string, unknown>; answer: (Resource | Tried | { change: Change }) }
  'DELETE /api/v1/backends/{backend}/servers/{server}': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: undefined; answer: (Resource | Tried | { change: Change }) }
  'POST /api/v1/rules/reorder': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: { order: (string)[] }; answer: (Resource | Tried | { change: Change }) }
  'POST /api/v1/rules/{rule}/move': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: { index?: number; before?: string; after?: string }; answer: (Resource | Tried | { change: Change }) }
  'POST /api/v1/changesets': { query: { dry_run?: QueryValue; confirm_within?: QueryValue; watch?: QueryValue; message?: QueryValue }; body: { ops: ({ op: ("create" | "update" | "replace" | "delete" | "move"); resource: string; value?: Record<string, unknown>; if_match?: string; index?: number; before?: string; after?: string })[]; base_revision?: number; message?: string }; answer: (ChangesetDone | Tried) }
  'GET /api/v1/middleware': { query: {  }; body: undefined; answer: { items: (Middleware)[] } }
  'GET /api/v1/middleware/{kind}': { query: {  }; body: undefined; answer: Middleware }
  'POST /api/v1/config/long-form': { query: { dry_run?: QueryValue }; body: undefined; answer: Record<string, unknown> }
  'GET /api/v1/backends/{backend}/servers/{server}/state': { query: {  }; body: undefined; answer: Server }
  'PUT /api/v1/backends/{backend}/servers/{server}/state': { query: {  }; body: { admin?: ("ready" | "drain" | "maintenance" | "maint"); weight?: (number | null); reason?: string; until?: string; for?: string; end_connections?: boolean }; answer: Server }
  'DELETE /api/v1/backends/{backend}/servers/{server}/state': { query: {  }; body: undefined; answer: Server }
  'POST /api/v1/backends/{backend}/servers/{server}/state/persist': { query: {  }; body: { remove?: boolean }; answer: Changed }
  'GET /api/v1/backends/{backend}/servers/{server}/health': { query: {  }; body: undefined; answer: { url: string; healthy: boolean; weight: number; configured_weight?: number; slow_start?: number; dynamic_weight?: number; dynamic_weight_shadow?: true; panic?: true; active_connections: number; backend: string; server: string; state: string; reason: (string | null); admin: string; operational: string; operational_reason: (string | null); health_reason: (string | null); drained: boolean; checks?: (CheckState)[]; circuit_state: string; circuit: (Circuit | null); passive?: PassiveState; orders?: (Order)[]; warnings?: (string)[]; entries: ({ time: string; result: (string | null); state: string; change: boolean; reason: (string | null); ms: (number | null); check: (string | null) })[] } }
  'PUT /api/v1/backends/{backend}/servers/{server}/health': { query: {  }; body: { health: ("up" | "down" | null); reason?: string; until?: string; for?: string }; answer: Server }
  'POST /api/v1/backends/{backend}/servers/{server}/circuit': { query: {  }; body: { state: ("open" | "closed" | "auto"); reason?: string; until?: string; for?: string }; answer: Server }
  'POST /api/v1/backends/{backend}/servers/{server}/checks/run': { query: {  }; body: undefined; answer: { check: string; result: string; reason: (string | null); ms: number; status: (number | null); answer: (string | null); answer_bytes: number; checks: ({ check: string; result: string; reason: (string | null); ms: number; status: (number | null); answer: (string | null); answer_bytes: number })[]; server: Server } }
  'POST /api/v1/backends/{backend}/servers/{server}/passive/reset': { query: {  }; body: undefined; answer: Server }
  'GET /api/v1/turn': { query: {  }; body: undefined; answer: Turn }
  'GET /api/v1/turn/allocations': { query: { listener?: QueryValue; user?: QueryValue; address?: QueryValue; limit?: QueryValue }; body: undefined; answer: (Allocation)[] }
  'DELETE /api/v1/turn/allocations/{allocation}': { query: {  }; body: undefined; answer: unknown }
  'GET /api/v1/turn/peers/{peer}': { query: { listener?: QueryValue }; body: undefined; answer: (PeerVerdict)[] }
  'POST /api/v1/turn/credentials': { query: {  }; body: { listener?: string; name?: string; ttl?: number; host?: string; test?: boolean }; answer: TurnCredentials }
  'GET /api/v1/auth/setup': { query: {  }; body: undefined; answer: { needed: boolean; signed_in: boolean } }
  'POST /api/v1/auth/setup': { query: {  }; body: { token: string; name: string; password: string }; answer: { kind: string; name: string; role: string; id: string; csrf_token?: string; expires_at?: (string | null); idle_until?: string; stepped_up_until?: string; totp?: boolean; has_password?: boolean; scopes?: (string)[]; from?: (string)[] } }
  'POST /api/v1/auth/sign-in': { query: {  }; body: { name: string; password: string; code?: string }; answer: { kind: string; name: string; role: string; id: string; csrf_token?: string; expires_at?: (string | null); idle_until?: string; stepped_up_until?: string; totp?: boolean; has_password?: boolean; scopes?: (string)[]; from?: (string)[] } }
  'POST /api/v1/auth/sign-out': { query: {  }; body: undefined; answer: unknown }
  'GET /api/v1/auth/me': { query: {  }; body: undefined; answer: { kind: string; name: string; role: string; id: string; csrf_token?: string; expires_at?: (string | null); idle_until?: string; stepped_up_until?: string; totp?: boolean; has_password?: boolean; scopes?: (string)[]; from?: (string)[] } }
  'POST /api/v1/auth/step-up': { query: {  }; body: { password?: string; code?: string }; answer: { kind: string; name: string; role: string; id: string; csrf_token?: string; expires_at?: (string | null); idle_until?: string; stepped_up_until?: string; totp?: boolean; has_password?: boolean; scopes?: (string)[]; from?: (string)[] } }
  'POST /api/v1/auth/password': { query: {  }; body: { current?: string; password: string }; answer: { kind: string; name: string; role: string; id: string; csrf_token?: string; expires_at?: (string | null); idle_until?: string; stepped_up_until?: string; totp?: boolean; has_password?: boolean; scopes?: (string)[]; from?: (string)[] } }
  'POST /api/v1/auth/links': { query: {  }; body: { user: string; role?: string; lasts?: string }; answer: { user: string; role: string; expires_at: string; token: string; path: string } }
  'POST /api/v1/auth/link': { query: {  }; body: { token: string; code?: string }; answer: { kind: string; name: string; role: string; id: string; csrf_token?: string; expires_at?: (string | null); idle_until?: string; stepped_up_until?: string; totp?: boolean; has_password?: boolean; scopes?: (string)[]; from?: (string)[] } }
  'GET /api/v1/auth/totp': { query: {  }; body: undefined; answer: { enabled: boolean; recovery_codes_left: number } }
  'POST /api/v1/auth/totp': { query: {  }; body: undefined; answer: { secret: string; uri: string } }
  'POST /api/v1/auth/totp/confirm': { query: {  }; body: { code: string }; answer: { recovery_codes: (string)[] } }
  'DELETE /api/v1/auth/totp': { query: {  }; body: undefined; answer: unknown }
  'GET /api/v1/users': { query: {  }; body: undefined; answer: { items: (User)[] } }
  'POST /api/v1/users': { query: {  }; body: { name: string; role: string; password?: string }; answer: User }
  'GET /api/v1/users/{user}': { query: {  }; body: undefined; answer: User }
  'PATCH /api/v1/users/{user}': { query: {  }; body: { role?: string; password?: (string | null) }; answer: User }
  'DELETE /api/v1/users/{user}': { query: {  }; body: undefined; answer: unknown }
  'DELETE /api/v1/users/{user}/totp': { query: {  }; body: undefined; answer: unknown }
  'POST /api/v1/users/{user}/unlock': { query: {  }; body: undefined; answer: unknown }
  'GET /api/v1/tokens': { query: {  }; body: undefined; answer: { items: (Token)[] } }
  'POST /api/v1/tokens': { query: {  }; body: { role: string; name?: string; scopes?: (string)[]; ranges?: (string)[]; expires?: string }; answer: Token & { token: string } }
  'GET /api/v1/tokens/{token}': { query: {  }; body: undefined; answer: Token }
  'DELETE /api/v1/tokens/{token}': { query: {  }; body: undefined; answer: unknown }
  'POST /api/v1/auth/jwt': { query: {  }; body: { role?: string; seconds?: number }; answer: unknown }
  'GET /api/v1/sign-ins': { query: { user?: QueryValue }; body: undefined; answer: { items: ({ id: string; user: string; role: string; created_at: string; last_seen_at: string; from: string; agent: string; is_own: boolean })[] } }
  'DELETE /api/v1/sign-ins/{sign_in}': { query: {  }; body: undefined; answer: unknown }
  'GET /api/v1/audit': { query: { limit?: QueryValue; cursor?: QueryValue; since?: QueryValue; until?: QueryValue; actor?: QueryValue; action?: QueryValue; resource?: QueryValue }; body: undefined; answer: { items: (AuditEntry)[]; next_cursor: (string | null) } }
  'GET /api/v1/events': { query: { topics?: QueryValue; after?: QueryValue; limit?: QueryValue }; body: undefined; answer: { events: (ToldEvent)[]; last_id: number; reset: boolean } }
  'GET /api/v1/stats': { query: { window?: QueryValue; step?: QueryValue; by?: QueryValue; name?: QueryValue }; body: undefined; answer: Stats }
  'GET /api/v1/stats/now': { query: {  }; body: undefined; answer: StatsNow }
  'POST /api/v1/explain': { query: {  }; body: { url: string; method?: string; headers?: Record<string, (string | (string)[])>; client?: string; listener?: string; scheme?: ("http" | "https"); tls?: { version?: string; cipher?: string; client_certificate?: ("present" | "absent" | { subject?: string; issuer?: string; san?: (string)[]; fingerprint?: string }) }; claims?: Record<string, Record<string, unknown>>; time?: string; server_name?: string; alpn?: (string)[]; ops?: ({ op: ("create" | "update" | "replace" | "delete" | "move"); resource: string; value?: Record<string, unknown>; if_match?: string; index?: number; before?: string; after?: string })[]; text?: string; candidates?: number }; answer: Explained }
  'GET /api/v1/requests': { query: { listener?: QueryValue; rule?: QueryValue; backend?: QueryValue; server?: QueryValue; status?: QueryValue; client?: QueryValue; user?: QueryValue; method?: QueryValue; host?: QueryValue; path?: QueryValue; min_ms?: QueryValue; fault?: QueryValue; retried?: QueryValue; limit?: QueryValue; follow?: QueryValue }; body: undefined; answer: { requests: (ServedRequest)[]; left_out: number; silent: (number)[] } }
  'GET /api/v1/requests/{id}': { query: {  }; body: undefined; answer: ServedRequest }
  'POST /api/v1/requests/{id}/replay': { query: {  }; body: { server: string; against?: string; credentials?: ("send" | "leave_out") }; answer: RequestReplay }
  'GET /api/v1/openapi.json': { query: {  }; body: undefined; answer: Record<string, unknown> }
}

export type Overview = { time: string; verdict: { state: ("up" | "degraded" | "down" | "idle"); sentence: string; detail: string }; problems: ({ id: string; state: string; severity: ("down" | "warn" | "note"); since: (string | null); title: string; cause: string; remedy: (string | null); about: { kind: ("backend" | "server" | "certificate" | "config" | "listener" | "worker" | "turn" | "store"); name: string; backend?: string; line?: number; column?: number }; actions: ({ kind: ("check" | "open" | "open_line" | "restore" | "confirm" | "roll_back" | "retry" | "requests" | "ready"); label: string; role: ("viewer" | "operator" | "editor" | "admin"); backend?: string; servers?: (string)[]; certificate?: string; revision?: number; file?: string; line?: number; column?: number })[] })[]; left_out: number; counts: { listeners: number; listeners_down: number; rules: number; backends: number; backends_down: number; backends_degraded: number; servers: number; servers_up: number; certificates: number; certificates_expiring: number; problems: number } }

export type Timelines = { window: string; step_s: 60; from: string; last_s: number; letters: Record<string, string>; backends: ({ backend: string; cells: string })[]; servers: ({ backend: string; cells: string; server: string })[]; left_out: number }

export type Overload = { mode: string; limits: { loop_lag?: number; memory?: number; descriptors?: number }; most: number; workers: ({ process: string; share: number; levels: { loop_lag?: number; memory?: number; descriptors?: number } })[]; shed: ({ priority: number; cause: string; decision: string; requests: number })[] }

export type Cache = { memory: number; entries: number; bytes: number; workers: ({ worker: number; entries: number; bytes: number; stored: number; evicted: number; purged: number })[]; rules: ({ rule: string; requests: Record<string, number> })[]; silent: (number)[] }

export type Names = { listeners: (string)[]; certificates: (string)[]; rules: (string)[]; backends: ({ name: string; servers: ({ name: string; url: string; state: (string | null) })[] })[] }

export type Diagnostics = { made: string; gateway: { version: string; commit: string; bun: string; executable: string; pid: number; started: string; uptime_s: number; file: string; admin: (string | null); folder: string; user: (number | null) }; machine: { arch: string; release: string; distribution: (string | null); cpus: number; usable_cpus: number; cpu: (string | null); memory_bytes: number; memory_free_bytes: number; load: (number)[] }; processes: ({ role: string; slot?: number; pid: number; cpu_s: (number | null); resident_bytes: (number | null); threads: (number | null); descriptors: (number | null); descriptors_max: (number | null) })[]; limits: unknown; config: unknown; revisions: unknown; health: unknown; metrics: unknown; acme: unknown; turn: unknown; operations: unknown; events: unknown; prometheus: string; prometheus_cut: boolean }

export type ConfigStatus = { running: ({ revision: number; hash: (string | null); from: string; by: (string | null) } | null); disk: { file: string; hash: (string | null); state: ("in_sync" | "differs" | "rejected" | "unreadable"); why: (string | null); is_read_only: boolean; errors: ({ path: string; message: string; file?: string; line?: number; column?: number; code?: string; hint?: (string | null) })[] }; rejected: (Record<string, unknown> | null); pending_confirm: ({ until: string } | null) }

export type Unwritten = { cause: string; hint: string; patch?: string }

export type Changed = { revision?: number; hash: string; dry_run?: boolean; warnings?: (string)[]; not_writable?: Unwritten; operation?: string; confirm_by?: string; admin?: string }

export type Way = { rule: (string | null); to: string; middleware: (string)[] }

export type Replayed = { requests: number; changed: number; skipped: number; differences: ({ method: string; host: string; path: string; listener: string; client: (string | null); requests: number; changes: (("rule" | "destination" | "middleware"))[]; before: Way; after: Way })[]; left_out: number }

export type Impact = { listeners: ({ listener: string; what: ("opens" | "moves" | "closes" | "takes_over"); opened: (string)[]; closed: (string)[]; taken_over: ({ address: string; from: string })[] })[]; servers: ({ backend: string; server: string; what: ("added" | "removed"); in_flight: number })[]; affinity: (string)[]; workers: ({ before: number; after: number } | null); admin: ({ before: (string | null); after: (string | null) } | null); words: (string)[] }

export type Tried = { dry_run: true; changed?: boolean; text?: string; hash: string; base: { revision?: number; hash?: string }; reformatted?: boolean; warnings: (string)[]; not_writable?: Unwritten; replay?: Replayed; diff?: string; diff_cut?: boolean; lines?: { removed: number; added: number }; changes?: ({ kind: string; what: string; path: string; before: (string | null); after: (string | null); words: string })[]; changes_left_out?: number; impact?: (Impact | null) }

export type Revision = { revision: number; last: number; time: string; hash: (string | null); bytes: number; source: string; author: (string | null); message: (string | null); restores: (number | null); state: string; why: (string | null); running: boolean; lines?: ({ removed: number; added: number } | null) }

export type Operation = { id: string; kind: string; state: string; started: string; ended: (string | null); steps: ({ time: string; what: string })[]; facts: unknown }

export type Certificate = { subject: string; issuer: string; serial: string; fingerprint: string; key: string; signature: (string | null); not_before: string; not_after: string; names: (string)[] }

export type CertificateFinding = { code: string; level: string; message: string; cause: (string | null); remedy: (string | null) }

export type CheckedCertificate = { usable: boolean; certificate: (Certificate | null); used: (number | null); chain: (Certificate)[]; ordered: (string | null); findings: (CertificateFinding)[] }

export type Change = { changed: boolean; revision: number; hash: string; reformatted: boolean; warnings: (string)[]; operation?: string; confirm_by?: string; admin?: (string | null) }

export type Resource = { id: string; etag: string; configured: unknown; effective: unknown; live?: unknown; place: { file: string; line: number; column: number; end_line: number }; change?: Change }

export type CertificateLog = { certificate: string; state: string; next_try: (string | null); last_failure: unknown; runs: ({ started: string; ended: (string | null); outcome: string; why: (string | null); reached: string; steps: ({ time: string; step: string; stage: string; took_ms: (number | null) })[] })[] }

export type ResourceList = { items: (Resource)[]; total: number; next_cursor: (string | null) }

export type ChangesetDone = { change: Change; ops: ({ id: string; etag?: string; removed?: boolean })[] }

export type Middleware = { name: string; description: string; schema: unknown; used_by: (string)[] }

export type CheckState = { check: string; state: string; reason: (string | null); last: ({ time: string; result: ("pass" | "fail"); reason: (string | null); ms: number } | null) }

export type Circuit = { state: string; mode: string; since: (string | null); reason: (string | null); half_open_at: (string | null); window: { requests: number; failed: number; slow: number }; failed_in_a_row: number; let_through: number; half_open_requests: number; went_well: number; half_open_successes: number; opening: ({ reason: string; requests: number; failed: number; slow: number; failed_in_a_row: number; open_ms: number; times: number } | null); openings: number; held_back: number; ordered: ({ state: string; by: string; reason: (string | null); since: string; until: (string | null) } | null) }

export type PassiveState = { state: ("in" | "out"); mode: ("enforce" | "shadow"); reason: (string | null); until: (string | null); times: number; window: string; attempts: number; failures: number; last: (string | null) }

export type Order = { kind: string; value: (string | number); reason: (string | null); by: string; since: string; until: (string | null) }

export type Server = { url: string; healthy: boolean; weight: number; configured_weight?: number; slow_start?: number; dynamic_weight?: number; dynamic_weight_shadow?: true; panic?: true; active_connections: number; backend: string; server: string; state: string; reason: (string | null); admin: string; operational: string; operational_reason: (string | null); health_reason: (string | null); drained: boolean; checks?: (CheckState)[]; circuit_state: string; circuit: (Circuit | null); passive?: PassiveState; orders?: (Order)[]; warnings?: (string)[] }

export type Turn = { time: string; serving: boolean; listeners: ({ name: string; realm: string; addresses: ({ transport: string; address: string })[]; relay: ({ bind: (string)[]; advertise: (string)[]; ports: string; port_count: number; tcp: boolean; mobility: boolean; lifetime_s: number; lifetime_max_s: number } | null); auth: { everybody: boolean; users: number; secrets: number; makes_credentials: boolean; strict_expiry: boolean }; peers: { allow: (string)[]; deny: (string)[] }; quotas: Record<string, number>; limits: Record<string, number>; allocations: { open: Record<string, number>; total: Record<string, number>; ended: Record<string, number> }; connections: number; bytes: Record<string, number>; packets: Record<string, number>; requests: Record<string, number>; refused: Record<string, number>; refused_peers: Record<string, number>; dropped: Record<string, number> })[] }

export type Allocation = { id: string; listener: string; realm: string; user: (string | null); client: string; transport: string; relays: string; relayed: (string)[]; peers: ({ address: string; channel: (number | null); expires_s: number })[]; bytes_to_peers: number; bytes_to_client: number; packets_to_peers: number; packets_to_client: number; dropped: number; age_s: number; expires_s: number }

export type PeerVerdict = { listener: string; peer: string; allowed: boolean; why: string }

export type TurnCredentials = { listener: string; realm: string; username: (string | null); password: (string | null); ttl_s: (number | null); expires: (string | null); uris: (string)[]; iceServers: ({ urls: (string)[]; username?: string; credential?: string })[]; snippet: string; note: (string | null) }

export type User = { name: string; role: string; totp: boolean; created_at: string; created_by: string; has_password: boolean; password_set_at: string; last_sign_in_at: (string | null); locked_until: (string | null) }

export type Token = { id: string; name: string; role: string; scopes: (string)[]; ranges: (string)[]; created_at: string; created_by: string; expires_at: (string | null); last_used_at: (string | null); last_used_from: (string | null) }

export type AuditEntry = { id: number; time: string; who: ({ kind: string; name: string; role: string; id: string } | null); from: string; action: string; resource: string; before: unknown; after: unknown; result: ("done" | "refused"); request_id: string; message: (string | null) }

export type ToldEvent = { id: number; time: string; level: ("info" | "warn" | "error"); topic: ("health" | "config" | "certificate" | "worker" | "turn" | "limits" | "listener" | "server" | "auth" | "figures"); name: string; event: string }

export type Stats = { by: string; window: string; step_s: number; resolution_s: number; from: string; to: string; last_s: number; since: (string | null); complete_since: (string | null); series: ({ name?: string; backend?: string; server?: string; requests?: ((number | null))[]; client_errors?: ((number | null))[]; server_errors?: ((number | null))[]; aborted?: ((number | null))[]; connections?: ((number | null))[]; faults?: ((number | null))[]; bytes_in?: ((number | null))[]; bytes_out?: ((number | null))[]; active?: ((number | null))[]; p50_ms?: ((number | null))[]; p95_ms?: ((number | null))[]; p99_ms?: ((number | null))[] })[]; left_out: number }

export type GatewayRates = { name?: string; backend?: string; server?: string; requests_per_s?: number; client_errors_per_s?: number; server_errors_per_s?: number; aborted_per_s?: number; connections_per_s?: number; faults_per_s?: number; bytes_in_per_s?: number; bytes_out_per_s?: number; active?: number; p50_ms?: (number | null); p95_ms?: (number | null); p99_ms?: (number | null) }

export type Rates = { name?: string; backend?: string; server?: string; requests_per_s: number; client_errors_per_s: number; server_errors_per_s: number; aborted_per_s: number; connections_per_s: number; faults_per_s: number; bytes_in_per_s: number; bytes_out_per_s: number; active: number; p50_ms: (number | null); p95_ms: (number | null); p99_ms: (number | null) }

export type StatsNow = { time: string; over_s: number; gateway: GatewayRates; listeners: (Rates)[]; rules: (Rates)[]; backends: (Rates)[]; servers: (Rates)[] }

export type ExplainedConnection = { connection: unknown; listener: { name: string; why: string; protocol?: string }; gates: ({ gate: string; does: string; why: string })[]; rule: unknown; handed_to: (string | null); outcome: string; fault: (string | null); detail: (string | null); backend: unknown }

export type Explained = { kind: string; request?: unknown; listener: { name: string; why: string; protocol?: string }; outcome: string; status?: (number | null); fault: (string | null); detail: (string | null); rule: unknown; trace?: unknown; share?: unknown; split?: unknown; mirror?: unknown; middleware?: (unknown)[]; location?: (string | null); headers?: unknown; sent?: unknown; backend: unknown; connection?: (ExplainedConnection | unknown); gates?: unknown; handed_to?: (string | null); draft?: unknown }

export type Attempt = { server: string; chosen: string; reason: (string | null); phase: (string | null); fault: (string | null); status: (number | null); at_ms: number; connect_ms: (number | null); ms: number }

export type ServedRequest = { id: string; worker: number; time: string; request_id: (string | null); listener: string; client: (string | null); user: (string | null); scheme: ("http" | "https"); method: string; host: string; path: string; protocol: string; headers: ([string, string])[]; headers_cut: boolean; hidden_headers: (string)[]; rule: (string | null); backend: (string | null); server: (string | null); attempts: (Attempt)[]; status: (number | null); bytes_in: number; bytes_out: number; queue_ms: number; connect_ms: (number | null); first_byte_ms: (number | null); total_ms: number; fault: (string | null); fault_text: (string | null); detail: (string | null); cache: (string | null); shadow: (string | null) }

export type ReplayAnswer = { server: string; status: (number | null); headers: ([string, string])[]; bytes: number; sha256: (string | null); cut: boolean; ms: number; failure: (string | null) }

export type RequestReplay = { request: ServedRequest; answers: (ReplayAnswer)[]; same: { status: boolean; headers: boolean; size: boolean; body: boolean }; headers_that_differ: (string)[] }
