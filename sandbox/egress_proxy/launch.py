"""mitmdump without two of its own addons, which take a third of its start: the web pages that hand out its CA, on
Flask, and the authentication of its clients, on LDAP. Nothing here uses them, and what is not there cannot be attacked.
"""

import sys
import types

LEFT_OUT = {"onboarding": "Onboarding", "proxyauth": "ProxyAuth"}

for name, addon in LEFT_OUT.items():
    module = types.ModuleType(f"mitmproxy.addons.{name}")
    setattr(module, addon, type(addon, (), {}))
    sys.modules[module.__name__] = module

# After the above: it imports every addon.
from mitmproxy.tools.main import mitmdump  # noqa: E402

sys.exit(mitmdump())
