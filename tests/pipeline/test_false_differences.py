"""Live is spelled otherwise than the YAML and means the same; or means another thing all the same.

Each case is what Google's own answer, or somebody else's client, made of a resource. The numbers
are those of the rules against false differences in what is known of Google's APIs; that two
spellings in YAML mean the same is tested in tests/properties/test_false_differences.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.registry import kind
from remediate.model.json import Body, Json
from tests.pipeline.documents import (
    Document,
    address,
    certificate,
    health_check,
    http_proxy,
    managed,
    rule,
    url_map,
    zone,
)
from tests.pipeline.somebody import (
    BETA,
    CONNECTORS,
    GLOBAL,
    IMAGE,
    RUN,
    SQL,
    V1,
    ZONES,
    Case,
    Hand,
    connector,
    connector_by_hand,
    env,
    made,
    pairs,
    patch,
    post,
    run,
    run_by_hand,
    sql,
    sql_by_hand,
    turned,
    www,
    www_by_hand,
)
from tests.workbench import PROJECT, REGION, Workbench, document

IP = "203.0.113.77"
FIXED = document("Address", "edge", {"addressType": "EXTERNAL", "address": IP})
EDGE = [FIXED, url_map(), http_proxy()]
RULE = {
    "name": "port-80",
    "loadBalancingScheme": "EXTERNAL_MANAGED",
    "target": f"{V1}/global/targetHttpProxies/plain",
    "IPAddress": f"{V1}/global/addresses/edge",
    "IPProtocol": "TCP",
    "portRange": "80",
}
VPC = f"projects/{PROJECT}/global/networks/vpc"
CUSTOM = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]
BACKEND = {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP"}
FLAGS = pairs("value", {"max_connections": "200", "log_connections": "on"})
OFFICES = pairs("value", {"a": "198.51.100.0/24", "b": "203.0.113.7"})
LINK = f"projects/{PROJECT}/locations/{REGION}/connectors/inner"
PINNED = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
TO_ONE: Body = {"traffic": [{"type": PINNED, "revision": "web-one", "percent": 100}]}


def private(network: str) -> dict[str, Any]:
    seen = {"networks": [{"networkUrl": network}]}
    return {"visibility": "private", "privateVisibilityConfig": seen}


def places(answers: dict[str, list[str]]) -> Body:
    items: list[Json] = [
        {"location": f"us-{place}1", "rrdatas": [*values]} for place, values in answers.items()
    ]
    return {"routingPolicy": {"geo": {"items": items}}}


def routing(rrtype: str, **answers: list[str]) -> Document:
    return zone({"www": {rrtype: {"ttl": 300, **places(answers)}}})


def routing_by_hand(rrtype: str, **answers: list[str]) -> Hand:
    name = "www.example.com."
    body: Body = {"name": name, "type": rrtype, "ttl": 300, **places(answers)}
    return patch(f"{ZONES}/example/rrsets/{name}/{rrtype}", body)


def limited(**limits: str) -> dict[str, Any]:
    return {"resources": {"limits": limits}}


def secret(name: str) -> dict[str, Any]:
    reference = {"secretKeyRef": {"secret": name, "version": "latest"}}
    return {"env": [{"name": "JWT", "valueSource": reference}]}


def proxy(*certificates: str, **spec: Any) -> list[Document]:
    body = {"urlMap": "main", "sslCertificates": [*certificates], **spec}
    own = [certificate(name) for name in ("a", "b")]
    return [url_map(), *own, document("TargetHttpsProxy", "secure", body)]


def routed(*paths: str) -> list[Document]:
    rules = [{"paths": [path], "service": "web"} for path in paths]
    matchers = [{"name": "m", "defaultService": "web", "pathRules": rules}]
    hosts = [{"hosts": ["*"], "pathMatcher": "m"}]
    spec = {"defaultService": "web", "hostRules": hosts, "pathMatchers": matchers}
    return [document("BackendService", "web", BACKEND), document("UrlMap", "main", spec)]


def grouped(location: str) -> list[Document]:
    """Two groups of one name, and a service that sends to one of them."""
    spec = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": "web"}}
    places = (REGION, "europe-west1")
    groups = [document("NetworkEndpointGroup", "web", spec, location=at) for at in places]
    backends = [{"group": f"NetworkEndpointGroup/{location}/web"}]
    return [*groups, document("BackendService", "web", {**BACKEND, "backends": backends})]


SAME: dict[str, Case] = {
    "rule 1: they linked by the URL of another version": made(
        f"{GLOBAL}/targetHttpProxies",
        {"name": "plain", "urlMap": f"{BETA}/global/urlMaps/main"},
        url_map(),
        http_proxy(),
    ),
    "rule 1: they linked by a part of the path, the YAML by the number of the project": made(
        f"{GLOBAL}/targetHttpProxies",
        {"name": "plain", "urlMap": "global/urlMaps/main"},
        url_map(),
        http_proxy(urlMap="projects/4711/global/urlMaps/main"),
    ),
    "rule 1: Certificate Manager answers the number of the project": Case(
        [
            document("CertificateMap", "edge", {}),
            *proxy("a", certificateMap="edge"),
        ],
        (
            post(
                f"compute/v1/projects/{PROJECT}/global/targetHttpsProxies/secure/setCertificateMap",
                {
                    "certificateMap": "//certificatemanager.googleapis.com/projects/4711"
                    "/locations/global/certificateMaps/edge"
                },
            ),
        ),
    ),
    "rule 1: a connector's network by its path": made(
        f"{CONNECTORS}?connectorId=inner",
        {"network": VPC, "ipCidrRange": "10.8.0.0/28", "maxInstances": 3},
        connector(maxInstances=3),
    ),
    "rule 1: a service's connector by the number of the project": Case(
        [connector(maxInstances=3), run(vpcAccess={"connector": "inner"})],
        (run_by_hand(vpcAccess={"connector": LINK.replace(PROJECT, "4711")}),),
    ),
    "rule 1: a secret of the same project by its whole name": Case(
        [run(secret("jwt"))],
        (run_by_hand(secret(f"projects/{PROJECT}/secrets/jwt")),),
    ),
    "rule 1: a secret by its bare name, and the YAML has the whole one": Case(
        [run(secret("projects/4711/secrets/jwt"))], (run_by_hand(secret("jwt")),)
    ),
    "rule 1: a zone's network by its URL": made(
        ZONES,
        {"name": "example", "dnsName": "example.com.", **private(f"{V1}/global/networks/vpc")},
        zone({}, **private(VPC)),
    ),
    "rule 2: they made the rule with the number that the address has": made(
        f"{GLOBAL}/forwardingRules", {**RULE, "IPAddress": IP}, *EDGE, rule()
    ),
    "rule 3: they wrote a range of one port": made(
        f"{GLOBAL}/forwardingRules", {**RULE, "portRange": "80-80"}, *EDGE, rule()
    ),
    "rule 5: they wrote an IPv6 address at length": Case(
        [www("AAAA", "2001:db8::1")],
        (www_by_hand("AAAA", "2001:0DB8:0000:0000::0001"),),
    ),
    "rule 6: Google does not say that an address is IPv4": made(
        f"{GLOBAL}/addresses", {"name": "edge"}, address()
    ),
    "rule 7: they wrote the allowed networks in another order": Case(
        [sql(ipConfiguration={"authorizedNetworks": OFFICES})],
        (sql_by_hand(ipConfiguration={"authorizedNetworks": turned(OFFICES)}),),
    ),
    "rule 7: they wrote the flags in another order": Case(
        [sql(databaseFlags=FLAGS)], (sql_by_hand(databaseFlags=turned(FLAGS)),)
    ),
    "rule 7: they wrote the variables in another order": Case(
        [run(env(A="1", B="2"))], (run_by_hand(env(B="2", A="1")),)
    ),
    "rule 7: they wrote the features in another order": made(
        f"{GLOBAL}/sslPolicies",
        {"name": "tls", "profile": "CUSTOM", "customFeatures": turned(CUSTOM)},
        document("SslPolicy", "tls", {"profile": "CUSTOM", "customFeatures": CUSTOM}),
    ),
    "rule 7: they wrote the domains in another order, with dots": made(
        f"{GLOBAL}/sslCertificates",
        {
            "name": "managed",
            "type": "MANAGED",
            "managed": {"domains": ["b.example.com.", "a.example.com"]},
        },
        managed("a.example.com", "b.example.com"),
    ),
    "rule 7: values of a record set in another order": Case(
        [www("A", "192.0.2.1", "192.0.2.2")], (www_by_hand("A", "192.0.2.2", "192.0.2.1"),)
    ),
    "rule 8: a text in two strings, and without quotes": Case(
        [www("TXT", "one two", "three")], (www_by_hand("TXT", "three", '"one" " two"'),)
    ),
    "rule 8: quotes and backslashes that need none": Case(
        [www("TXT", 'say "x"; a\\b')], (www_by_hand("TXT", '"say \\"x\\"\\; a\\\\b"'),)
    ),
    "rule 8: names that a record leads to, in another case": Case(
        [zone({"www": {"MX": {"ttl": 300, "values": ["10 mail.example.net."]}}})],
        (www_by_hand("MX", "10 Mail.EXAMPLE.net."),),
    ),
    "rule 8: the answers of a policy, in another order, case and spelling": Case(
        [routing("AAAA", east=["2001:db8::1", "2001:db8::2"], west=["2001:db8::3"])],
        (
            routing_by_hand(
                "AAAA", west=["2001:DB8:0::3"], east=["2001:db8::2", "2001:0db8:0:0::1"]
            ),
        ),
    ),
    "rule 8: a text of a policy in two strings": Case(
        [routing("TXT", east=["one two"])],
        (routing_by_hand("TXT", east=['"one" " two"']),),
    ),
    "rule 9: a duration with a fraction of zero": Case(
        [run(timeout="300.0s")], (run_by_hand(timeout="300s"),)
    ),
    "rule 9: a processor by thousandths, memory by its bytes": Case(
        [run(limited(cpu="1", memory="512Mi"))],
        (run_by_hand(limited(cpu="1000m", memory="536870912")),),
    ),
    "rule 9: half a Gi of memory": Case(
        [run(limited(cpu="1000m", memory="0.5Gi"))],
        (run_by_hand(limited(cpu="1", memory="512Mi")),),
    ),
    "rule 9: an int64 as a number, which Google answers as text": Case(
        [sql(dataDiskSizeGb=20)], before=[sql(dataDiskSizeGb="20")]
    ),
    "rule 10: they made a database with nothing but a machine": made(
        SQL,
        {
            "name": "shop",
            "databaseVersion": "POSTGRES_14",
            "region": REGION,
            "settings": {"tier": "db-g1-small"},
        },
        sql(
            availabilityType="ZONAL",
            pricingPlan="PER_USE",
            activationPolicy="ALWAYS",
            dataDiskSizeGb="10",
            dataDiskType="PD_SSD",
            storageAutoResize=True,
            ipConfiguration={"ipv4Enabled": True, "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"},
            backupConfiguration={"enabled": False},
        ),
    ),
    "rule 10: they made a zone and said nothing of DNSSEC, which the YAML wants to be off": made(
        ZONES,
        {"name": "example", "dnsName": "example.com.", "visibility": "public"},
        zone({}, visibility="public", dnssecConfig={"state": "off"}),
    ),
    "rule 10: its disk has grown by itself": Case(
        [sql(dataDiskSizeGb="20", storageAutoResize=True)], (sql_by_hand(dataDiskSizeGb="30"),)
    ),
    "rule 10: Google chose its zone and the hour of its backups": Case(
        [sql(backupConfiguration={"enabled": True})],
        (
            sql_by_hand(
                backupConfiguration={"enabled": True, "startTime": "17:00"},
                locationPreference={"zone": "us-central1-f"},
            ),
        ),
    ),
    "rule 10: they said of encryption what the older field says": Case(
        [sql(ipConfiguration={"ipv4Enabled": True, "requireSsl": False})],
        (sql_by_hand(ipConfiguration={"sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"}),),
    ),
    "rule 10: they made a service with nothing but an image": made(
        f"{RUN}?serviceId=web",
        {"template": {"containers": [{"image": IMAGE}]}},
        run(
            {
                "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "cpuIdle": True},
                "ports": [{"name": "http1", "containerPort": 8080}],
            },
            timeout="300s",
            maxInstanceRequestConcurrency=80,
            service={
                "ingress": "INGRESS_TRAFFIC_ALL",
                "traffic": [{"type": LATEST, "percent": 100}],
            },
        ),
    ),
    "rule 10: Google filled in the processor where memory alone is written": Case(
        [run(limited(memory="1Gi"))], (run_by_hand(limited(cpu="1000m", memory="1Gi")),)
    ),
    "rule 10: they made a health check by its type alone": made(
        f"{GLOBAL}/healthChecks",
        {"name": "alive", "type": "HTTPS", "httpsHealthCheck": {}},
        document(
            "HealthCheck",
            "alive",
            {
                "type": "HTTPS",
                "httpsHealthCheck": {"port": 443, "requestPath": "/", "proxyHeader": "NONE"},
                "logConfig": {"enable": False},
                "checkIntervalSec": 5,
            },
        ),
    ),
    "rule 10: a rollback pinned traffic, of which nothing is written": Case(
        [run(revision="web-one")], (patch(f"{RUN}/web?updateMask=traffic", TO_ONE),)
    ),
    "rule 10: they made a group and a backend service with nothing but what they must": Case(
        grouped(REGION),
        (
            *(
                post(
                    f"compute/v1/projects/{PROJECT}/regions/{at}/networkEndpointGroups",
                    {
                        "name": "web",
                        "networkEndpointType": "SERVERLESS",
                        "cloudRun": {"service": "web"},
                    },
                )
                for at in (REGION, "europe-west1")
            ),
            post(
                f"{GLOBAL}/backendServices",
                {
                    "name": "web",
                    "loadBalancingScheme": "EXTERNAL_MANAGED",
                    "backends": [{"group": f"regions/{REGION}/networkEndpointGroups/web"}],
                },
            ),
        ),
        before=[],
    ),
    "rule 10: they made a connector by its throughput, the YAML by its instances": made(
        f"{CONNECTORS}?connectorId=inner",
        {"network": "vpc", "ipCidrRange": "10.8.0.0/28", "maxThroughput": 400},
        connector(minInstances=2, maxInstances=4),
    ),
    "rule 12: Google labelled an address": Case(
        [document("Address", "edge", {"labels": {"team": "edge"}})],
        (
            post(
                f"{GLOBAL}/addresses/edge/setLabels",
                {"labels": {"team": "edge", "goog-managed-by": "somebody"}},
            ),
        ),
    ),
    "rule 12: they deployed with gcloud, which annotates": Case(
        [run(service={"annotations": {"owner": "edge"}})],
        (
            run_by_hand(
                service={
                    "annotations": {"owner": "edge", "serving.knative.dev/creator": "somebody"},
                    "labels": {"goog-drz-cloudrun-location": REGION},
                    "client": "gcloud",
                    "clientVersion": "528.0.0",
                }
            ),
        ),
    ),
}

DIFFERENT: dict[str, Case] = {
    "their text differs in case alone": Case(
        [www("TXT", "token=Abc")],
        (www_by_hand("TXT", '"token=abc"'),),
        differs={"DnsZone/example/www.example.com./TXT": ["/rrdatas"]},
    ),
    "they added a text beside ours": Case(
        [www("TXT", "ours")],
        (www_by_hand("TXT", '"ours"', '"theirs"'),),
        differs={"DnsZone/example/www.example.com./TXT": ["/rrdatas"]},
    ),
    "they split a text with a space less": Case(
        [www("TXT", "one two")],
        (www_by_hand("TXT", '"one" "two"'),),
        differs={"DnsZone/example/www.example.com./TXT": ["/rrdatas"]},
    ),
    "the text of a policy differs in case alone": Case(
        [routing("TXT", east=["Token"])],
        (routing_by_hand("TXT", east=['"token"']),),
        differs={"DnsZone/example/www.example.com./TXT": ["/routingPolicy/geo/items/0/rrdatas"]},
    ),
    "they let the places of a policy change answers": Case(
        [routing("A", east=["192.0.2.1"], west=["192.0.2.2"])],
        (routing_by_hand("A", east=["192.0.2.2"], west=["192.0.2.1"]),),
        differs={
            "DnsZone/example/www.example.com./A": [
                f"/routingPolicy/geo/items/{at}/rrdatas" for at in (0, 1)
            ]
        },
    ),
    "they changed the TTL and nothing else": Case(
        [www("A", "192.0.2.1")],
        (www_by_hand("A", "192.0.2.1", ttl=301),),
        differs={"DnsZone/example/www.example.com./A": ["/ttl"]},
    ),
    "they made a CAA critical": Case(
        [www("CAA", '0 issue "pki.goog"')],
        (www_by_hand("CAA", '128 issue "pki.goog"'),),
        differs={"DnsZone/example/www.example.com./CAA": ["/rrdatas"]},
    ),
    "the rule has another number than the address that it refers to": made(
        f"{GLOBAL}/forwardingRules",
        {**RULE, "IPAddress": "203.0.113.78"},
        *EDGE,
        rule(),
        differs={"ForwardingRule/port-80": ["/IPAddress"]},
    ),
    "they linked to what has the same name in another project": Case(
        [url_map(), http_proxy()],
        (
            post(
                "compute/v1/projects/elsewhere/global/urlMaps",
                {"name": "main", **url_map()["spec"]},
            ),
            post(
                f"compute/v1/projects/{PROJECT}/targetHttpProxies/plain/setUrlMap",
                {"urlMap": "projects/elsewhere/global/urlMaps/main"},
            ),
        ),
        differs={"TargetHttpProxy/plain": ["/urlMap"]},
    ),
    "they sent to the group of the same name in another region": Case(
        grouped(REGION),
        before=grouped("europe-west1"),
        differs={"BackendService/web": ["/backends"]},
    ),
    "they put another certificate first, which clients without SNI are shown": Case(
        proxy("a", "b"),
        (
            patch(
                f"{GLOBAL}/targetHttpsProxies/secure",
                {"sslCertificates": [f"{V1}/global/sslCertificates/{name}" for name in "ba"]},
            ),
        ),
        differs={"TargetHttpsProxy/secure": ["/sslCertificates"]},
    ),
    "they wrote the rules of paths in another order": Case(
        routed("/a/*", "/b/*"),
        before=routed("/b/*", "/a/*"),
        differs={"UrlMap/main": ["/pathMatchers/0/pathRules"]},
    ),
    "a path is in another case": Case(
        routed("/Stream/*"),
        before=routed("/stream/*"),
        differs={"UrlMap/main": ["/pathMatchers/0/pathRules"]},
    ),
    "what was written is written no more": Case(
        [health_check()],
        before=[health_check(checkIntervalSec=30)],
        differs={"HealthCheck/alive": ["/checkIntervalSec"]},
    ),
    "a label's value is in another case": Case(
        [document("Address", "edge", {"labels": {"team": "edge1"}})],
        (post(f"{GLOBAL}/addresses/edge/setLabels", {"labels": {"team": "edge-1"}}),),
        differs={"Address/edge": ["/labels/team"]},
    ),
    "they made a connector larger": Case(
        [connector(minInstances=2, maxInstances=4)],
        (connector_by_hand(minInstances=2, maxInstances=5),),
        differs={"VpcConnector/us-central1/inner": ["/ipCidrRange", "/maxInstances"]},
    ),
    "they changed a flag of the database": Case(
        [sql(databaseFlags=FLAGS)],
        (sql_by_hand(databaseFlags=[{**FLAGS[0], "value": "400"}, FLAGS[1]]),),
        differs={"SqlInstance/shop": ["/settings/databaseFlags/0/value"]},
    ),
    "they let another network in": Case(
        [sql(ipConfiguration={"authorizedNetworks": OFFICES[:1]})],
        (sql_by_hand(ipConfiguration={"authorizedNetworks": OFFICES}),),
        differs={"SqlInstance/shop": ["/settings/ipConfiguration/authorizedNetworks"]},
    ),
    "its disk is smaller than written": Case(
        [sql(dataDiskSizeGb="40")],
        before=[sql(dataDiskSizeGb="20")],
        differs={"SqlInstance/shop": ["/settings/dataDiskSizeGb"]},
    ),
    "a secret of the same name in another project": Case(
        [run(secret("jwt"))],
        (run_by_hand(secret("projects/elsewhere/secrets/jwt")),),
        differs={
            "RunService/us-central1/web": [
                "/template/containers/0/env/0/valueSource/secretKeyRef/secret"
            ]
        },
    ),
    "they signed a zone that is not to be signed": Case(
        [zone({}, visibility="public", dnssecConfig={"state": "off"})],
        (patch(f"{ZONES}/example", {"dnssecConfig": {"state": "on"}}),),
        differs={"DnsZone/example": ["/dnssecConfig/state"]},
    ),
    "they changed a variable": Case(
        [run(env(MODE="on"))],
        (run_by_hand(env(MODE="On")),),
        differs={"RunService/us-central1/web": ["/template/containers/0/env/0/value"]},
    ),
    "they moved traffic": Case(
        [run(revision="web-one", service={"traffic": [{"type": LATEST, "percent": 100}]})],
        (patch(f"{RUN}/web?updateMask=traffic", TO_ONE),),
        differs={"RunService/us-central1/web": ["/traffic"]},
    ),
    "memory in thousands instead of 1024": Case(
        [run(limited(cpu="1", memory="512Mi"))],
        (run_by_hand(limited(cpu="1", memory="512M")),),
        differs={"RunService/us-central1/web": ["/template/containers/0/resources/limits/memory"]},
    ),
    "a port that is the default of another protocol": made(
        f"{GLOBAL}/healthChecks",
        {"name": "alive", "type": "HTTPS", "httpsHealthCheck": {}},
        document("HealthCheck", "alive", {"type": "HTTPS", "httpsHealthCheck": {"port": 80}}),
        differs={"HealthCheck/alive": ["/httpsHealthCheck/port"]},
    ),
    "they switched off what the YAML switches on": Case(
        [health_check(logConfig={"enable": True})],
        (patch(f"{GLOBAL}/healthChecks/alive", {"logConfig": {"enable": False}}),),
        differs={"HealthCheck/alive": ["/logConfig/enable"]},
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_no_difference_is_seen_where_there_is_none(workbench: Workbench, what: str) -> None:
    SAME[what].stand(workbench)
    assert seen(workbench) == {}
    workbench.forget()
    assert seen(workbench) == {}


@pytest.mark.parametrize("what", DIFFERENT)
def test_a_difference_is_seen_where_there_is_one_and_mended(
    workbench: Workbench, what: str
) -> None:
    DIFFERENT[what].stand(workbench)
    assert seen(workbench) == DIFFERENT[what].differs
    workbench.apply(allow=["irreversible=tried"])
    assert seen(workbench) == {}


@pytest.mark.parametrize(
    ("of", "name", "written", "answered"),
    [
        ("ForwardingRule", "IPProtocol", "TCP", "tcp"),
        ("DnsZone", "visibility", "public", "PUBLIC"),
        ("DnsZone", "dnsName", "example.com.", "Example.COM."),
    ],
)
def test_rule_4_words_that_google_answers_in_another_case_are_the_same(
    of: str, name: str, written: str, answered: str
) -> None:
    """The sandbox is stricter than Google was, so this one goes by the comparison alone."""
    assert field_changes(kind(of), {name: written}, {name: answered}, project=PROJECT) == ()


def seen(workbench: Workbench) -> dict[str, list[str]]:
    """The pointers of all that differs, by resource."""
    found = workbench.plan().differences
    return {str(one.ref): [change.pointer for change in one.changes] for one in found}
