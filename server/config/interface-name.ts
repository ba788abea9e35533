// Names of network interfaces, which no listener is bound by.

/** As Linux calls them: eth0, enp3s0, wlan0, docker0, lo. */
const INTERFACE = /^(?:lo|(?:eth|en|wlan|wl|br|bond|docker|veth|tun|tap|wg|virbr)[a-z]{0,2}[0-9][a-z0-9]*)$/

/** Whether it looks like one: as the name of a host it would be a strange one. */
export const isInterface = (name: string): boolean => INTERFACE.test(name)
