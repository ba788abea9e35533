/** Whether a header field carries credentials, whatever it is called exactly. */
export const isSecretField = (name: string): boolean =>
  /authori[sz]ation|cookie|token|secret|passw|api[-_]?key|credential/i.test(name)
