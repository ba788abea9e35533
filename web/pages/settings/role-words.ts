// What each role may, in words.
export const ROLES = ['viewer', 'operator', 'editor', 'admin'] as const

export const ROLE_WORDS: Readonly<Record<string, string>> = {
  viewer: 'sees everything but secrets, and changes nothing',
  operator: 'also drains servers, runs checks, reloads the file',
  editor: 'also changes the config: can send traffic anywhere',
  admin: 'also users, tokens, and how the gateway is administered',
}

/** `Sees everything but secrets, and changes nothing.` */
export const roleHelp = (role: string): string => {
  const words = ROLE_WORDS[role] ?? ''
  return words === '' ? '' : `${words[0]?.toUpperCase()}${words.slice(1)}.`
}
