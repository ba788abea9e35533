// What can be said of names before a CA is asked, whose limits count failures: in words, with what to do.

export interface AcmeWish {
  readonly domains: readonly string[]
  readonly challenge: string
  readonly directory: string
  readonly profile: string
}

/** Of a listener what matters to a CA that comes. */
export interface Reached {
  readonly name: string
  readonly protocol: string
  readonly bind: readonly string[]
}

export interface Check {
  readonly state: 'up' | 'warn' | 'down'
  readonly title: string
  readonly detail: string
}

const PRIVATE =
  /(?:^|\.)(?:localhost|local|internal|lan|home|corp|test|example|invalid|localdomain|home\.arpa)$/i
const V4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const isAddress = (name: string): boolean => V4.test(name) || name.includes(':')

export function checksOf(wish: AcmeWish, listeners: readonly Reached[]): Check[] {
  const { domains, challenge } = wish
  if (domains.length === 0) return []
  const checks = [...named(wish), ...(challenge === 'dns-01' ? [] : [reached(challenge, listeners)])]
  if (wish.directory === 'letsencrypt' && checks.every(({ state }) => state === 'up'))
    checks.push({
      state: 'up',
      title: 'Let’s Encrypt allows 5 failures an hour for each name',
      detail: 'A trial at letsencrypt-staging spends none of them.',
    })
  return checks
}

function named({ domains, challenge, directory, profile }: AcmeWish): Check[] {
  const checks: Check[] = []
  const isPublic =
    directory === 'letsencrypt' || directory === 'letsencrypt-staging' || directory === 'zerossl'
  for (const name of domains) {
    if (name.startsWith('*.') && challenge !== 'dns-01')
      checks.push({
        state: 'down',
        title: `${name} needs dns-01`,
        detail: `CAs give wildcards only to who sets a record in the zone. Choose dns-01, or name each host.`,
      })
    else if (isPublic && isAddress(name) && profile !== 'shortlived')
      checks.push({
        state: 'warn',
        title: `${name} is an address`,
        detail: 'Let’s Encrypt gives those certificates of six days only: write shortlived as profile.',
      })
    else if (isPublic && !isAddress(name) && (PRIVATE.test(name) || !name.includes('.')))
      checks.push({
        state: 'down',
        title: `No public CA knows ${name}`,
        detail: 'It is a name of private networks. Make a self-signed one, or name your own CA as directory.',
      })
  }
  if (domains.length > 100)
    checks.push({
      state: 'down',
      title: `${domains.length} names are more than a certificate may have`,
      detail: 'Let’s Encrypt takes up to 100. Make several certificates.',
    })
  return checks
}

/** Whether something here is open where the CA comes to. */
function reached(challenge: string, listeners: readonly Reached[]): Check {
  const isHttp = challenge === 'http-01'
  const port = isHttp ? 80 : 443
  const fits = listeners.filter(({ protocol }) =>
    isHttp ? protocol === 'http' || protocol === 'https' : protocol === 'https',
  )
  const first = fits.find(({ bind }) => bind.some((one) => portOf(one) === port))
  if (first !== undefined)
    return {
      state: 'up',
      title: `Listener ${first.name} is open at port ${port}`,
      detail: `The CA comes there for each name; DNS must lead to this machine, IPv6 too.`,
    }
  return fits.length === 0
    ? {
        state: 'down',
        title: `No listener answers ${challenge}`,
        detail: isHttp
          ? 'The CA comes to port 80 of each name. Add a listener of http there: { bind: "0.0.0.0:80", redirect_https: true }.'
          : 'The CA comes to port 443 of each name. Add a listener of https there, or choose http-01.',
      }
    : {
        state: 'warn',
        title: `No listener is open at port ${port}`,
        detail: `The CA comes to port ${port} of each name: something in front has to lead it to listener ${fits[0]?.name ?? ''}.`,
      }
}

const portOf = (bind: string): number => Number(/:(\d+)$/.exec(bind)?.[1] ?? 0)
