const REDIRECT_URL = "http://localhost:9/callback";
export class MemoryOAuthClient {
  redirectUrl = REDIRECT_URL;
  clientMetadata = {
    client_name: "test",
    redirect_uris: [REDIRECT_URL],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  /** Where the authorization server has sent the browser back to. */
  callback = null;
  issued = [];
  #information;
  #verifier = "";
  #discovery;
  clientInformation() {
    return this.#information;
  }
  saveClientInformation(information) {
    this.#information = information;
  }
  tokens() {
    return this.issued.at(-1);
  }
  saveTokens(tokens) {
    this.issued.push(tokens);
  }
  saveCodeVerifier(verifier) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }
  saveDiscoveryState(state) {
    this.#discovery = state;
  }
  discoveryState() {
    return this.#discovery;
  }
  async redirectToAuthorization(url) {
    this.callback = await browse(url);
  }
}
/** Follows redirects, with cookies, until one leads back to the client. */
async function browse(start) {
  const cookies = new Map();
  let url = start;
  for (let hop = 0; hop < 20; hop++) {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) throw new Error(`The browser got stuck at ${url}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.href.startsWith(REDIRECT_URL)) return url;
  }
  throw new Error("The browser was sent around in circles");
}
