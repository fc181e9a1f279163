"""What a URL map does with a request that it matched, and the rules for that.

Facts: the schemas of the same names in the discovery document and their descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from remediate.kinds.facts import Pattern
from remediate.kinds.fields.duration import Duration, durations
from remediate.kinds.fields.pointers import Patterns, leaves
from remediate.kinds.fields.rules import Fault, at_most, looks_like, not_together, spelled, within
from remediate.kinds.fields.spec import Bool, Int, Number, Spec, Text, Word


class CustomErrorResponsePolicyCustomErrorResponseRule(Spec):
    matchResponseCodes: list[Text] | None = None
    overrideResponseCode: Int | None = None
    path: Text | None = None


class CustomErrorResponsePolicy(Spec):
    errorResponseRules: list[CustomErrorResponsePolicyCustomErrorResponseRule] | None = None
    errorService: Text | None = None


class CachePolicyCacheKeyPolicy(Spec):
    excludedQueryParameters: list[Text] | None = None
    includeHost: Bool | None = None
    includeProtocol: Bool | None = None
    includeQueryString: Bool | None = None
    includedCookieNames: list[Text] | None = None
    includedHeaderNames: list[Text] | None = None
    includedQueryParameters: list[Text] | None = None


class CachePolicyNegativeCachingPolicy(Spec):
    code: Int | None = None
    ttl: Duration | None = None


class CachePolicy(Spec):
    cacheBypassRequestHeaderNames: list[Text] | None = None
    cacheKeyPolicy: CachePolicyCacheKeyPolicy | None = None
    cacheMode: (
        Annotated[
            Literal["BYPASS_CACHE", "CACHE_ALL_STATIC", "FORCE_CACHE_ALL", "USE_ORIGIN_HEADERS"],
            Word,
        ]
        | None
    ) = None
    clientTtl: Duration | None = None
    defaultTtl: Duration | None = None
    maxTtl: Duration | None = None
    negativeCaching: Bool | None = None
    negativeCachingPolicy: list[CachePolicyNegativeCachingPolicy] | None = None
    requestCoalescing: Bool | None = None
    serveWhileStale: Duration | None = None


class CorsPolicy(Spec):
    allowCredentials: Bool | None = None
    allowHeaders: list[Text] | None = None
    allowMethods: list[Text] | None = None
    allowOriginRegexes: list[Text] | None = None
    allowOrigins: list[Text] | None = None
    disabled: Bool | None = None
    exposeHeaders: list[Text] | None = None
    maxAge: Int | None = None


class DynamicCompressionPolicy(Spec):
    compressionMode: Annotated[Literal["AUTOMATIC", "DISABLED"], Word] | None = None


class HttpFaultAbort(Spec):
    httpStatus: Int | None = None
    percentage: Number | None = None


class HttpFaultDelay(Spec):
    fixedDelay: Duration | None = None
    percentage: Number | None = None


class HttpFaultInjection(Spec):
    abort: HttpFaultAbort | None = None
    delay: HttpFaultDelay | None = None


class ImageOptimizationPolicy(Spec):
    queryParameterInterpretation: (
        Annotated[
            Literal["DISABLED", "ENABLED", "QUERY_PARAMETER_INTERPRETATION_UNSPECIFIED"], Word
        ]
        | None
    ) = None


class RequestMirrorPolicy(Spec):
    backendService: Text | None = None
    mirrorPercent: Number | None = None


class HttpRetryPolicy(Spec):
    numRetries: Int | None = None
    perTryTimeout: Duration | None = None
    retryConditions: list[Text] | None = None


class RegexRewrite(Spec):
    pathPattern: Text | None = None
    pathSubstitution: Text | None = None


class UrlRewrite(Spec):
    hostRewrite: Text | None = None
    pathPrefixRewrite: Text | None = None
    pathTemplateRewrite: Text | None = None
    regexRewrite: RegexRewrite | None = None


class HttpHeaderOption(Spec):
    headerName: Text | None = None
    headerValue: Text | None = None
    replace: Bool | None = None


class HttpHeaderAction(Spec):
    requestHeadersToAdd: list[HttpHeaderOption] | None = None
    requestHeadersToRemove: list[Text] | None = None
    responseHeadersToAdd: list[HttpHeaderOption] | None = None
    responseHeadersToRemove: list[Text] | None = None


class WeightedBackendService(Spec):
    backendService: Text
    headerAction: HttpHeaderAction | None = None
    weight: Int | None = None


class HttpRouteAction(Spec):
    cachePolicy: CachePolicy | None = None
    corsPolicy: CorsPolicy | None = None
    dynamicCompressionPolicy: DynamicCompressionPolicy | None = None
    faultInjectionPolicy: HttpFaultInjection | None = None
    imageOptimizationPolicy: ImageOptimizationPolicy | None = None
    maxStreamDuration: Duration | None = None
    requestMirrorPolicy: RequestMirrorPolicy | None = None
    retryPolicy: HttpRetryPolicy | None = None
    timeout: Duration | None = None
    urlRewrite: UrlRewrite | None = None
    weightedBackendServices: list[WeightedBackendService] | None = None


class HttpRedirectAction(Spec):
    hostRedirect: Text | None = None
    httpsRedirect: Bool | None = None
    pathRedirect: Text | None = None
    prefixRedirect: Text | None = None
    redirectResponseCode: (
        Annotated[
            Literal[
                "FOUND",
                "MOVED_PERMANENTLY_DEFAULT",
                "PERMANENT_REDIRECT",
                "SEE_OTHER",
                "TEMPORARY_REDIRECT",
            ],
            Word,
        ]
        | None
    ) = None
    stripQuery: Bool | None = None


def action_faults(spec: Mapping[str, object], action: Pattern) -> Iterator[Fault]:
    """The rules of a route action, for every place that the pattern covers."""
    percentages = (
        "/faultInjectionPolicy/abort/percentage",
        "/faultInjectionPolicy/delay/percentage",
    )
    for at in (*percentages, "/requestMirrorPolicy/mirrorPercent"):
        yield from within(spec, action + at, 0, 100, "a percentage")
    status = action + "/faultInjectionPolicy/abort/httpStatus"
    yield from within(spec, status, 200, 599, "an HTTP status")
    yield from within(spec, action + "/retryPolicy/numRetries", 1, 2**31 - 1, "the retries")
    yield from within(spec, action + "/weightedBackendServices/*/weight", 0, 1000, "a weight")
    yield from _lengths(spec, action + "/urlRewrite", hostRewrite=255, pathPrefixRewrite=1024)
    for at, rewrite in _objects(spec, action + "/urlRewrite"):
        ways = ("pathPrefixRewrite", "pathTemplateRewrite", "regexRewrite")
        yield from not_together(rewrite, ways, at)
    yield from durations(
        spec,
        action + "/timeout",
        action + "/maxStreamDuration",
        action + "/retryPolicy/perTryTimeout",
        action + "/faultInjectionPolicy/delay/fixedDelay",
        *(
            f"{action}/cachePolicy/{name}"
            for name in ("clientTtl", "defaultTtl", "maxTtl", "serveWhileStale")
        ),
        action + "/cachePolicy/negativeCachingPolicy/*/ttl",
    )


def redirect_faults(spec: Mapping[str, object], redirect: Pattern) -> Iterator[Fault]:
    for at, written in _objects(spec, redirect):
        yield from not_together(written, ("pathRedirect", "prefixRedirect"), at)
    yield from _lengths(spec, redirect, hostRedirect=255, pathRedirect=1024, prefixRedirect=1024)


def error_policy_faults(spec: Mapping[str, object], policy: Pattern) -> Iterator[Fault]:
    rules = policy + "/errorResponseRules/*"
    code = looks_like(r"[45]([0-9]{2}|xx)")
    yield from spelled(spec, rules + "/matchResponseCodes/*", code, "404, 503, 4xx or 5xx")
    yield from spelled(spec, rules + "/path", looks_like(r"/.*[^/]"), "a path such as /error.html")
    yield from _lengths(spec, rules, path=1024)


def _objects(spec: Mapping[str, object], pattern: Pattern) -> Iterator[tuple[str, Any]]:
    for at, _, value in leaves(spec, Patterns({pattern: True})):
        if isinstance(value, Mapping):
            yield at, value


def _lengths(spec: Mapping[str, object], holder: Pattern, **longest: int) -> Iterator[Fault]:
    for name, limit in longest.items():
        pattern = f"{holder}/{name}"
        yield from at_most(spec, pattern, limit, "characters")
        yield from spelled(spec, pattern, bool, "something: it has at least one character")
