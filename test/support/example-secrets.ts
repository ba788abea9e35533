/** What config/examples and config/sluice.yaml expect of the environment: no secret has a default there. */
export const EXAMPLE_SECRETS = {
  TURN_SECRET: 'only the application knows',
  NONCE_SECRET: 'the same in a whole group',
  ALICE_PASSWORD: 'a long password',
  BOB_PASSWORD: 'another long password',
  STICKY_SECRET: 'the same on all machines',
  EAB_KID: 'kid-1',
  EAB_HMAC: 'c2VjcmV0',
  OIDC_SECRET: 'what the provider knows us by',
  SESSION_SECRET: 'the same on all machines, too',
}
