"""The world around Google: registrar, name servers, resolvers, and what no API of Google's owns."""
