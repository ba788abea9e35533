// Events of the gateway that those who watch it are told of, and what they are called there. Data only. What
// has no row stays in the log: diagnostics, and all that is said to the operator of this machine alone.

/** What events are about. `figures` has none: its frames are what is counted, once a second. */
export const TOPICS = [
  'health',
  'config',
  'certificate',
  'worker',
  'turn',
  'limits',
  'listener',
  'server',
  'auth',
  'figures',
] as const
export type Topic = (typeof TOPICS)[number]

export interface EventRow {
  readonly topic: Topic
  /** Within its topic. */
  readonly name: string
  /** Another name for those whose field of this name is true. */
  readonly unless?: readonly [field: string, name: string]
}

const row = (topic: Topic, name: string, unless?: EventRow['unless']): EventRow =>
  unless === undefined ? { topic, name } : { topic, name, unless }

/** By what an event is called in the log. */
export const EVENTS: Readonly<Record<string, EventRow>> = {
  server_up: row('health', 'healthy'),
  server_down: row('health', 'unhealthy'),
  server_failing: row('health', 'failing'),
  server_recovered: row('health', 'recovered'),

  circuit_opened: row('health', 'circuit_opened'),
  circuit_half_open: row('health', 'circuit_half_open'),
  circuit_closed: row('health', 'circuit_closed'),
  circuit_held: row('health', 'circuit_held'),
  groups_in_use: row('health', 'groups_in_use'),
  server_warming: row('health', 'warming'),
  server_warm: row('health', 'warm'),
  circuit_ordered: row('server', 'circuit_ordered'),
  circuit_order_ended: row('server', 'circuit_order_ended'),
  passive_out: row('health', 'passive_out'),
  passive_back: row('health', 'passive_back'),
  passive_held: row('health', 'passive_held'),

  server_ordered: row('server', 'ordered'),
  server_order_ended: row('server', 'order_ended'),
  server_order_not_kept: row('server', 'order_not_kept'),
  server_orders_not_read: row('server', 'orders_not_read'),
  server_drained: row('server', 'drained'),

  serving: row('config', 'serving'),
  applied: row('config', 'applied'),
  rejected: row('config', 'rejected'),
  unconfirmed: row('config', 'confirm_pending'),
  confirmed: row('config', 'confirmed'),
  rolled_back: row('config', 'reverted'),
  watched: row('config', 'watched'),
  rollout_step: row('config', 'rollout_step'),
  rollout_ended: row('config', 'rollout_ended'),
  not_rolled_back: row('config', 'not_reverted'),
  not_written: row('config', 'not_written'),
  unsound: row('config', 'unsound'),
  revisions_not_kept: row('config', 'revisions_not_kept'),
  revision_not_kept: row('config', 'revision_not_kept'),
  revision_kept_again: row('config', 'revision_kept_again'),
  config_polled: row('config', 'polled'),
  figures_not_kept: row('config', 'figures_not_kept'),
  figures_kept_again: row('config', 'figures_kept_again'),
  data_not_writable: row('config', 'data_not_writable'),
  store_not_open: row('config', 'store_not_open'),
  store_gone: row('config', 'store_gone'),
  store_back: row('config', 'store_back'),
  data_lost: row('config', 'data_lost'),
  store_waits: row('config', 'store_waits'),
  store_kept_again: row('config', 'store_kept_again'),
  audit_not_kept: row('auth', 'audit_not_kept'),
  config_written_in_place: row('config', 'written_in_place'),

  certificate_obtained: row('certificate', 'issued', ['renewal', 'renewed']),
  certificate_replaced: row('certificate', 'replaced'),
  certificate_expires: row('certificate', 'expiring'),
  certificate_failed: row('certificate', 'failed'),
  certificate_failed_again: row('certificate', 'failed_again'),
  certificate_refused: row('certificate', 'refused_file'),
  certificate_stand_in: row('certificate', 'stand_in'),
  certificate_not_kept: row('certificate', 'not_kept'),
  server_tls_replaced: row('certificate', 'server_tls_replaced'),
  server_tls_refused: row('certificate', 'server_tls_refused_file'),
  jwks_replaced: row('certificate', 'jwks_replaced'),
  jwks_failed: row('certificate', 'jwks_failed'),
  client_certificates_replaced: row('certificate', 'client_certificates_replaced'),
  client_certificates_refused: row('certificate', 'client_certificates_refused_file'),
  on_demand_failed: row('certificate', 'on_demand_failed'),
  crl_expires: row('certificate', 'crl_expiring'),

  worker_exited: row('worker', 'exited'),
  worker_replaced: row('worker', 'replaced'),
  worker_hung: row('worker', 'silent'),
  worker_not_started: row('worker', 'not_started'),
  access_log_failed: row('worker', 'access_log_failed'),
  upgrade_begun: row('worker', 'upgrade_begun'),
  upgrade_serving: row('worker', 'upgrade_serving'),
  upgrade_done: row('worker', 'upgrade_done'),
  upgrade_failed: row('worker', 'upgrade_failed'),
  upgrade_refused: row('worker', 'upgrade_refused'),
  took_over: row('worker', 'took_over'),
  draining: row('worker', 'draining'),
  stopped: row('worker', 'stopped'),

  relay_exited: row('turn', 'relay_exited'),
  relay_replaced: row('turn', 'relay_replaced'),
  relay_not_started: row('turn', 'relay_not_started'),

  signed_in: row('auth', 'signed_in'),
  sign_in_failed: row('auth', 'sign_in_failed'),
  user_added: row('auth', 'user_added'),
  sign_in_link_made: row('auth', 'sign_in_link_made'),

  mirror_differs: row('server', 'mirror_differs'),

  limit_reached: row('limits', 'reached'),
  on_demand_limit: row('limits', 'on_demand'),
  buffers_full: row('limits', 'buffers_full'),
  overloaded: row('limits', 'overloaded'),
  overload_ended: row('limits', 'overload_ended'),
  descriptor_limit: row('limits', 'descriptors'),
  accept_paused: row('limits', 'accept_paused'),
  admin_gives_way: row('limits', 'admin_gives_way'),
  admin_open_again: row('limits', 'admin_open_again'),
  proxy_header_refused: row('limits', 'proxy_header_refused'),

  admin_certificate_replaced: row('certificate', 'admin_replaced'),
  admin_certificate_refused: row('certificate', 'admin_refused_file'),

  listener_opened: row('listener', 'up'),
  listener_closed: row('listener', 'down'),
  listener_took_over: row('listener', 'took_over'),
  waits_for_port: row('listener', 'waits_for_port'),
  not_steered: row('listener', 'not_steered'),
  socket_not_wanted: row('listener', 'socket_not_wanted'),
}
